import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findBuildSettings, type Machine } from "./build-settings.ts";

const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";

interface Given {
  readonly env?: Machine["env"];
  readonly files?: Readonly<Record<string, string>>;
  /** Standard output by command line; what is not here is not installed. */
  readonly answers?: Readonly<Record<string, string>>;
}

const machine = ({ env = {}, files = {}, answers = {} }: Given): Machine => ({
  env,
  read: async (path) => files[path] ?? null,
  ask: async (program, words) => answers[[program, ...words].join(" ")] ?? null,
});
const settingsOf = async (given: Given) => await findBuildSettings(machine(given));
const maven = (text: string): Given => ({
  env: { HOME: "/home" },
  files: { "/home/.m2/settings.xml": text },
});
const SOURCES =
  "apt-get indextargets --format $(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT) Created-By: Packages";

test("a bare machine gives no certificates, mirrors or proxies, and needs no network of its own", async () => {
  const { secrets, hostNetwork, found } = await settingsOf({});
  expect(Object.keys(secrets)).toEqual(["settings", "apt"]);
  expect(secrets.settings).toBe("export APT_CONFIG='/run/secrets/apt'\n");
  expect({ hostNetwork, found }).toEqual({ hostNetwork: false, found: [] });
});

test("the system's certificates are taken where no variable names others, those that are added come with them", async () => {
  const files = {
    [SYSTEM]: `${certificate("a")}\n${certificate("b")}`,
    "/extra.pem": `${certificate("b")}\n${certificate("c")}`,
  };
  const added = await settingsOf({ files, env: { NODE_EXTRA_CA_CERTS: "/extra.pem" } });
  expect(added.secrets.ca).toBe(`${["a", "b", "c"].map(certificate).join("\n")}\n`);
  expect(added.found).toEqual([`certificates of ${SYSTEM}, NODE_EXTRA_CA_CERTS`]);
  const named = await settingsOf({ files, env: { PIP_CERT: "/extra.pem" } });
  expect(named.secrets.ca).toBe(`${["b", "c"].map(certificate).join("\n")}\n`);
  expect(named.secrets.settings).toContain("export PIP_CERT='/run/secrets/ca'\n");
  expect(named.secrets.apt).toContain('Acquire::https::CAInfo "/run/secrets/ca";');
});

test("a variable that names no file is named, and too many certificates for a secret", async () => {
  await expect(settingsOf({ env: { SSL_CERT_FILE: "/none" } })).rejects.toThrow('SSL_CERT_FILE is "/none"');
  const files = {
    [SYSTEM]: Array.from({ length: 300 }, (_, i) => certificate(`${i}`.padEnd(2_000, "x"))).join("\n"),
  };
  await expect(settingsOf({ files })).rejects.toThrow(/a build's secret holds 512000/);
});

test("pip's settings are taken from its own list, without those that name files of this machine", async () => {
  const { secrets, found } = await settingsOf({
    answers: {
      "python3 -m pip config list":
        "global.index-url='https://mirror.example/simple'\n:env:.index-url='https://other.example/simple'\nglobal.find-links='/opt/wheels'\nglobal.cert='/ca'\n:env:.default-timeout='180'\ninstall.trusted-host='a\\nb'\n",
    },
  });
  expect(secrets.pip).toBe(
    "[global]\nindex-url = https://other.example/simple\ntimeout = 180\ntrusted-host = a\n    b\n",
  );
  expect(secrets.settings).toContain("export PIP_CONFIG_FILE='/run/secrets/pip'\n");
  expect(found).toEqual(["pip's settings"]);
});

test("npm's settings and the user's logins at registries are taken, nothing else of the file", async () => {
  const config = {
    registry: "https://npm.example/",
    proxy: null,
    noproxy: "",
    "@a:registry": "https://a.example/",
    cafile: "/x",
    userconfig: "/home/.npmrc",
  };
  const { secrets } = await settingsOf({
    answers: { "npm config list --json": JSON.stringify(config) },
    files: {
      "/home/.npmrc":
        "//npm.example/:_authToken=t\ncafile=/x\n//a.example/:username=ada\n//a.example/:_password=cA==\n",
    },
  });
  expect(secrets.npm?.split("\n")).toEqual([
    "registry=https://npm.example/",
    "@a:registry=https://a.example/",
    "//npm.example/:_authToken=t",
    "//a.example/:username=ada",
    "//a.example/:_password=cA==",
    "",
  ]);
});

test("Maven's settings of the user are taken as they are", async () => {
  const text = "<settings><mirrors/></settings>\n";
  const files = { "/home/ada/.m2/settings.xml": text };
  const { secrets, found } = await settingsOf({ env: { HOME: "/home/ada" }, files });
  expect(secrets.maven).toBe(text);
  expect(found).toEqual(["Maven's settings"]);
  expect((await settingsOf({ files })).secrets.maven).toBeUndefined();
});

test("apt's proxies are taken; its mirror where this is a Debian whose sources are not Debian's own", async () => {
  const dump =
    'Acquire::http::Proxy "http://proxy.example:3128";\nAcquire::http::Proxy::deb.example "DIRECT";\nAcquire::https::Proxy "";\nDir "/";\n';
  const release = { "/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n" };
  const mirrored = await settingsOf({
    files: release,
    answers: {
      "apt-config dump": dump,
      [SOURCES]:
        "Debian deb http://mirror.example/debian/ bookworm main\nDebian deb http://mirror.example/debian/ bookworm main\nDocker deb https://d.example/ bookworm stable\n",
    },
  });
  expect(mirrored.secrets.apt).toContain(
    'Proxy "http://proxy.example:3128";\nAcquire::http::Proxy::deb.example "DIRECT";\n',
  );
  expect(mirrored.secrets.sources).toBe("deb http://mirror.example/debian/ bookworm main\n");
  expect(mirrored.found).toEqual(["apt's settings", "apt's mirror"]);
  const own = await settingsOf({
    files: release,
    answers: { [SOURCES]: "Debian deb http://deb.debian.org/debian/ bookworm main\n" },
  });
  expect(own.secrets.sources).toBeUndefined();
});

test.each([
  [{ env: { HTTPS_PROXY: "http://localhost:3128" } }, true],
  [{ env: { http_proxy: "http://user:pw@127.0.0.1:3128" } }, true],
  [{ env: { http_proxy: "http://[::1]:3128" } }, true],
  [{ answers: { "python3 -m pip config list": "global.index-url='http://127.0.0.1:3141/root/pypi'" } }, true],
  [{ answers: { "npm config list --json": '{"registry":"http://localhost:4873/"}' } }, true],
  [{ answers: { "apt-config dump": 'Acquire::http::Proxy "http://127.0.0.1:3142";' } }, true],
  [maven("<proxy><host>127.0.0.1</host><port>3128</port></proxy>"), true],
  [maven("<mirror><url>http://localhost:8081/maven</url></mirror>"), true],
  [maven("<proxy><host>proxy.example</host></proxy>"), false],
  [{ env: { https_proxy: "http://proxy.example:3128", no_proxy: "localhost,127.0.0.1" } }, false],
  [{ env: { http_proxy: "http://localhost.example:3128" } }, false],
])("%o needs this machine's network: %s", async (given, needed) => {
  expect((await settingsOf(given)).hostNetwork).toBe(needed);
});

test("the settings are a shell's words that set what they say, whatever is in them", async () => {
  const http_proxy = "http://a'b$(touch /tmp/never)\"@proxy.example";
  const { secrets } = await settingsOf({
    env: { http_proxy },
    files: { "/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n" },
  });
  const folder = mkdtempSync(join(tmpdir(), "fieldmark-settings-"));
  try {
    writeFileSync(join(folder, "settings"), secrets.settings ?? "");
    const said = execFileSync(
      "sh",
      ["-euc", `. ${folder}/settings; printf '%s\\n%s\\n' "$HTTP_PROXY" "$APT_CONFIG"`],
      { encoding: "utf8" },
    );
    expect(said).toBe(`${http_proxy}\n/run/secrets/apt\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
