import { constants } from "node:fs";
import { access, cp, lstat, mkdir, readdir, readlink, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
/** Small files that programs read of /etc; nothing of users, keys or services. They are copied once: one mount shows all. */
const ETC_FILES = [
  "ld.so.conf",
  "ld-musl-x86_64.path",
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
  "magic",
  "inputrc",
  "ssl/cert.pem",
  "ssl/openssl.cnf",
  "pki/tls/cert.pem",
  "pki/tls/openssl.cnf",
];
/** What is shown as it is: folders, and what changes when packages or certificates are installed. */
const ETC_LIVE = [
  "ld.so.cache",
  "alternatives",
  "fonts",
  "python3",
  "R",
  "java",
  "ssl/certs",
  "pki/tls/certs",
  "pki/ca-trust",
  "pki/java",
  "ca-certificates/extracted",
  "crypto-policies",
];
/** Files that each instance has of its own. */
export const OWN_ETC = ["hosts", "hostname", "passwd", "group"];
/** How many processors there are, for libraries that size their thread pools by it. */
const SYSTEM = ["/sys/devices/system/cpu", "/sys/devices/system/node"];
const RESOLVER = "/etc/resolv.conf";

/** What of this machine every instance sees, read-only; and which targets are folders. */
export interface HostView {
  readonly mounts: readonly Mount[];
  readonly folders: ReadonlySet<string>;
}

/**
 * The view of jobs with and without a network.
 *
 * @param etc a new folder for what is copied of /etc
 * @param named further files and folders, which settings name
 */
export async function hostViews(
  etc: string,
  named: readonly string[],
): Promise<{ readonly open: HostView; readonly closed: HostView }> {
  const copied = ETC_FILES.map((name) => `/etc/${name}`);
  const live = [...ETC_LIVE, ...(await javaSettings())].map((name) => `/etc/${name}`);
  const more = named.filter((path) => !isSeen(path, [...PROGRAMS, ...copied, ...live]));
  const isInEtc = (path: string) => path.startsWith("/etc/");
  await copyEtc(etc, [...copied, ...more.filter(isInEtc)], live);
  const shown = await showAll([...PROGRAMS, ...live, ...SYSTEM, ...more.filter((path) => !isInEtc(path))]);
  const closed: HostView = {
    mounts: [...shown.mounts, { kind: "show", source: etc, target: "/etc" }],
    folders: new Set([...shown.folders, "/etc"]),
  };
  const resolver = await showAll([RESOLVER]);
  return { closed, open: { mounts: [...closed.mounts, ...resolver.mounts], folders: closed.folders } };
}

async function copyEtc(etc: string, paths: readonly string[], live: readonly string[]): Promise<void> {
  const at = (path: string) => join(etc, path.slice("/etc/".length));
  await mkdir(etc, { mode: 0o755 });
  for (const path of paths) {
    if (!(await exists(path))) continue;
    await mkdir(dirname(at(path)), { recursive: true });
    // a part of it that only root reads is no job's to see
    await cp(path, at(path), { recursive: true, verbatimSymlinks: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EACCES") throw error;
      },
    );
  }
  for (const path of [...live, RESOLVER, ...OWN_ETC.map((name) => `/etc/${name}`)]) {
    const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
    await mkdir(isFolder ? at(path) : dirname(at(path)), { recursive: true });
    if (!isFolder) await writeFile(at(path), "", { mode: 0o644 });
  }
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
  return (await readdir("/etc")).filter((name) => /^java-\d/.test(name));
}

/** True when every instance sees the path among its programs. */
export function isProgramPath(path: string): boolean {
  return isSeen(path, PROGRAMS);
}

function isSeen(path: string, shown: readonly string[]): boolean {
  return shown.some((each) => path === each || path.startsWith(`${each}/`));
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
