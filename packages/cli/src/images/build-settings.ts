import { type CertificateSources, readCertificates } from "./certificates.ts";

/** What this machine's tools say, for tests to stand in for. */
export interface Machine extends CertificateSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output of a program; null where it is not there, or fails. */
  readonly ask: (program: string, words: readonly string[]) => Promise<string | null>;
}

/** What a build needs of this machine. */
export interface BuildSettings {
  /** Contents of the build's secrets, by id. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The build's steps must use this machine's own network: what they fetch from listens on a loopback address. */
  readonly hostNetwork: boolean;
  /** What was found, for people. */
  readonly found: readonly string[];
}

/** Variables of the proxies; in both spellings, as the tools differ in which they read. */
const PROXIES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
/** What pip must be told inside; the rest of its settings is about this machine. */
const PIP_KEYS = [
  "index-url",
  "extra-index-url",
  "trusted-host",
  "proxy",
  "default-timeout",
  "timeout",
  "retries",
];
const NPM_KEYS = ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"];
/** Variables that name the CA bundle; each tool has its own. */
const CA_VARIABLES = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "NODE_EXTRA_CA_CERTS",
  "NPM_CONFIG_CAFILE",
];

/** Finds, by itself, all that builds need to reach packages from this machine: certificates, mirrors, proxies. */
export async function findBuildSettings(machine: Machine): Promise<BuildSettings> {
  const proxies = proxiesOf(machine.env);
  const certificates = await readCertificates(machine);
  const pip = await pipSettings(machine);
  const npm = await npmSettings(machine);
  const apt = await aptSettings(machine);
  const maven = await mavenSettings(machine);
  const secrets = {
    settings: shellSettings({
      proxies,
      hasCertificates: certificates !== null,
      pip,
      npm,
      codename: apt.codename,
    }),
    ...(certificates === null ? {} : { ca: certificates.pem }),
    ...(pip.length === 0 ? {} : { pip: `[global]\n${pip.join("\n")}\n` }),
    ...(npm.length === 0 ? {} : { npm: `${npm.join("\n")}\n` }),
    ...(maven === null ? {} : { maven }),
    apt: aptFile(apt.settings, certificates !== null),
    ...(apt.sources.length === 0 ? {} : { sources: `${apt.sources.join("\n")}\n` }),
  };
  const { settings: _, ca: __, ...texts } = secrets as Record<string, string>;
  return {
    secrets,
    hostNetwork: [...Object.values(proxies), ...Object.values(texts)].some(namesLoopback),
    found: [
      ...(certificates === null ? [] : [`certificates of ${certificates.from.join(", ")}`]),
      ...(pip.length === 0 ? [] : ["pip's settings"]),
      ...(npm.length === 0 ? [] : ["npm's settings"]),
      ...(maven === null ? [] : ["Maven's settings"]),
      ...(apt.settings.length === 0 ? [] : ["apt's settings"]),
      ...(apt.sources.length === 0 ? [] : ["apt's mirror"]),
      ...(Object.keys(proxies).length === 0 ? [] : ["proxies"]),
    ],
  };
}

/** Environment variables alone, so that nothing stays in a layer; a temporary file goes with the step's shell. */
function shellSettings(options: {
  readonly proxies: Readonly<Record<string, string>>;
  readonly hasCertificates: boolean;
  readonly pip: readonly string[];
  readonly npm: readonly string[];
  readonly codename: string | null;
}): string {
  const variables = [
    ...Object.entries(options.proxies),
    ...(options.hasCertificates ? CA_VARIABLES.map((name) => [name, "/run/secrets/ca"] as const) : []),
    ...(options.pip.length === 0 ? [] : [["PIP_CONFIG_FILE", "/run/secrets/pip"] as const]),
    ...(options.npm.length === 0 ? [] : [["NPM_CONFIG_USERCONFIG", "/run/secrets/npm"] as const]),
    ["APT_CONFIG", "/run/secrets/apt"] as const,
  ];
  const exports = variables.map(([name, value]) => `export ${name}=${quoted(value)}`);
  if (options.codename === null) return `${exports.join("\n")}\n`;
  // another Debian has other suites: its own sources stay
  const mirror = [
    `if [ -f /run/secrets/sources ] && grep -qx ${quoted(`VERSION_CODENAME=${options.codename}`)} /etc/os-release; then`,
    "  APT_CONFIG=$(mktemp)",
    "  trap 'rm -f \"$APT_CONFIG\"' EXIT",
    '  cat /run/secrets/apt >"$APT_CONFIG"',
    `  printf '%s\\n' 'Dir::Etc::SourceList "/run/secrets/sources";' 'Dir::Etc::SourceParts "-";' >>"$APT_CONFIG"`,
    "fi",
  ];
  return `${[...exports, ...mirror].join("\n")}\n`;
}

function proxiesOf(env: Machine["env"]): Readonly<Record<string, string>> {
  const given = PROXIES.flatMap((name) => {
    const value = env[name] || env[name.toUpperCase()];
    return value === undefined || value === ""
      ? []
      : [[name, value] as const, [name.toUpperCase(), value] as const];
  });
  return Object.fromEntries(given);
}

/** Lines of a pip.conf, from `pip config list`: `global.index-url='…'`, `:env:.index-url='…'`. */
async function pipSettings({ ask }: Machine): Promise<readonly string[]> {
  const listed =
    (await ask("python3", ["-m", "pip", "config", "list"])) ?? (await ask("pip", ["config", "list"])) ?? "";
  const settings = new Map<string, string>();
  for (const line of listed.split("\n")) {
    const [, name = "", literal = ""] = /^(?:global|install|:env:)\.([a-z-]+)=(.*)$/.exec(line) ?? [];
    // pip prints values as Python writes strings
    const value = literal.replace(/^(['"])(.*)\1$/, "$2").replaceAll("\\n", "\n    ");
    if (PIP_KEYS.includes(name) && value !== "")
      settings.set(name === "default-timeout" ? "timeout" : name, value);
  }
  return [...settings].map(([name, value]) => `${name} = ${value}`);
}

/** Lines of an .npmrc: the settings, and the user's logins at registries. */
async function npmSettings({ ask, read }: Machine): Promise<readonly string[]> {
  const listed = await ask("npm", ["config", "list", "--json"]);
  if (listed === null) return [];
  const config = JSON.parse(listed) as Readonly<Record<string, unknown>>;
  const isTold = (value: unknown) => typeof value === "string" || typeof value === "boolean";
  const settings = Object.entries(config).filter(
    ([name, value]) =>
      (NPM_KEYS.includes(name) || /^@[^:]+:registry$/.test(name)) && isTold(value) && value !== "",
  );
  // npm shows no logins: they are in the user's file
  const { userconfig } = config;
  const file = typeof userconfig === "string" ? ((await read(userconfig)) ?? "") : "";
  const logins = file.split("\n").filter((line) => /^\s*\/\/[^=]+:(?:_|username|email)\w*\s*=/.test(line));
  return [
    ...settings.map(([name, value]) => `${name}=${String(value)}`),
    ...logins.map((line) => line.trim()),
  ];
}

/** The user's settings.xml as it is: mirrors, proxies, logins. */
async function mavenSettings({ env, read }: Machine): Promise<string | null> {
  return env.HOME === undefined || env.HOME === "" ? null : await read(`${env.HOME}/.m2/settings.xml`);
}

interface AptSettings {
  readonly settings: readonly string[];
  /** Lines of a sources.list; [] where they are Debian's own, which every base has. */
  readonly sources: readonly string[];
  readonly codename: string | null;
}

const DEBIAN_HOSTS = /^https?:\/\/(?:deb|security)\.debian\.org\//;

async function aptSettings({ ask, read }: Machine): Promise<AptSettings> {
  const dump = (await ask("apt-config", ["dump"])) ?? "";
  const settings = dump
    .split("\n")
    .filter((line) => /^Acquire::(?:https?::[^ ]*Proxy|Check-(?:Valid-Until|Date)|https::Verify)/.test(line))
    .filter((line) => !/ "";$/.test(line));
  const release = (await read("/etc/os-release")) ?? "";
  const codename = /^ID=debian$/m.test(release)
    ? (/^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? null)
    : null;
  if (codename === null) return { settings, sources: [], codename };
  const format = "$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
  const targets = (await ask("apt-get", ["indextargets", "--format", format, "Created-By: Packages"])) ?? "";
  const sources = [...new Set(targets.split("\n"))]
    .filter((line) => line.startsWith("Debian "))
    .map((line) => line.slice("Debian ".length));
  const isMirrored = sources.some((line) => !DEBIAN_HOSTS.test(line.split(" ")[1] ?? ""));
  return { settings, sources: isMirrored ? sources : [], codename };
}

/** Secrets are root's alone: apt's own user could not read the certificates. A layer that is built needs no fsync of each file. */
function aptFile(settings: readonly string[], hasCertificates: boolean): string {
  const own = [
    'APT::Sandbox::User "root";',
    'DPkg::Options:: "--force-unsafe-io";',
    ...(hasCertificates ? ['Acquire::https::CAInfo "/run/secrets/ca";'] : []),
  ];
  return `${[...own, ...settings].join("\n")}\n`;
}

function namesLoopback(text: string): boolean {
  return [...text.matchAll(/(?:\/\/|<host>\s*)(?:[^/@\s"<]*@)?(\[[^\]]*\]|[^/:\s"<]+)/g)].some(
    ([, host = ""]) => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(host),
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
