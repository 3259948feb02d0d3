import { constants } from "node:fs";
import { access, lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Mount } from "./sandbox.ts";

/** Folders with programs and libraries; where one is a link, as /bin is nowadays, the sandbox has the link. */
const PROGRAMS = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
  "/gnu/store",
  "/run/current-system",
];
/** What programs read of /etc; nothing of users, keys or services. */
const ETC = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "ld-musl-x86_64.path",
  "alternatives",
  "localtime",
  "timezone",
  "nsswitch.conf",
  "host.conf",
  "gai.conf",
  "services",
  "protocols",
  "mime.types",
  "os-release",
  "debian_version",
  "pip.conf",
  "python3",
  "fonts",
  "magic",
  "inputrc",
  "R",
  "ssl/certs",
  "ssl/cert.pem",
  "ssl/openssl.cnf",
  "pki/tls/certs",
  "pki/tls/cert.pem",
  "pki/tls/openssl.cnf",
  "pki/ca-trust",
  "pki/java",
  "ca-certificates/extracted",
  "java",
  "crypto-policies",
].map((name) => `/etc/${name}`);
/** How many processors there are, for libraries that size their thread pools by it. */
const SYSTEM = ["/sys/devices/system/cpu", "/sys/devices/system/node"];
const NETWORK = ["/etc/resolv.conf"];

/** What of this machine every instance sees, read-only; and which targets are folders. */
export interface HostView {
  readonly mounts: readonly Mount[];
  readonly folders: ReadonlySet<string>;
}

export async function hostView({ network }: { readonly network: boolean }): Promise<HostView> {
  return await showAll([
    ...PROGRAMS,
    ...ETC,
    ...(await javaSettings()),
    ...SYSTEM,
    ...(network ? NETWORK : []),
  ]);
}

/** Shows each of the paths that exist at its own place. */
export async function showAll(paths: readonly string[]): Promise<HostView> {
  const mounts: Mount[] = [];
  const folders = new Set<string>();
  for (const target of paths) {
    const found = await lstat(target).catch(() => null);
    if (found === null) continue;
    const source = await realpath(target).catch(() => null);
    if (source === null) continue;
    const isLink = found.isSymbolicLink() && dirname(target) === "/";
    mounts.push(
      isLink
        ? { kind: "link", source, to: await readlink(target), target }
        : { kind: "show", source, target },
    );
    if ((await stat(source)).isDirectory()) folders.add(target);
  }
  return { mounts, folders };
}

/** Debian keeps each Java's settings in /etc/java-17-openjdk and the like; its /usr/lib/jvm links there. */
async function javaSettings(): Promise<string[]> {
  return (await readdir("/etc").catch(() => []))
    .filter((name) => /^java-\d/.test(name))
    .map((name) => `/etc/${name}`);
}

/** Files and folders that settings name by absolute paths: they are shown with the settings. */
export async function pathsNamed(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const words = new Set(
    Object.values(settings).flatMap((value) => value.split(/[\s:]+/).filter((word) => isAbsolute(word))),
  );
  const found: string[] = [];
  for (const word of words) if (await exists(word)) found.push(resolve(word));
  return found.filter((path) => !isSeenAnyway(path));
}

/** True when the path lies in what every instance sees. */
export function isSeenAnyway(path: string): boolean {
  return [...PROGRAMS, ...ETC].some((shown) => path === shown || path.startsWith(`${shown}/`));
}

/** pip's settings file of the user that runs the service, unless PIP_CONFIG_FILE names one. */
export async function pipConfigFile(home: string | undefined): Promise<string | null> {
  if (home === undefined || home === "") return null;
  for (const file of [join(home, ".config/pip/pip.conf"), join(home, ".pip/pip.conf")])
    if (await exists(file)) return file;
  return null;
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
