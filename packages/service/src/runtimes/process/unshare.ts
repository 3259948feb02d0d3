import { dropRoot } from "./drop-root.ts";
import { foldersToMake, type Mount, type Sandbox } from "./sandbox.ts";
import { quote, quoteAll } from "./shell.ts";

const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];
/** Where the sandbox's root is built, below its base folder. */
const ROOT = "root";

/** The sandbox by util-linux alone: a command of a shell and the files that it reads, by their names in `base`. */
export function unshareCommand(
  sandbox: Sandbox,
  {
    root,
    base,
    ip,
  }: {
    readonly root: boolean;
    readonly base: string /** iproute2 is there, to raise lo */;
    readonly ip: boolean;
  },
): { readonly command: string; readonly files: Readonly<Record<string, string>> } {
  const command = quoteAll([
    ...(root ? [] : ["unshare", "--user", "--map-root-user"]),
    // dies with its supervisor, and what is below it with it; a new user namespace would clear this
    ...[
      "setpriv",
      "--pdeathsig",
      "KILL",
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "--pid",
      "--fork",
      "--kill-child",
      "--ipc",
      "--uts",
    ],
    ...(sandbox.ownNetwork ? ["--net"] : []),
    ...["/bin/sh", `${base}/setup`],
  ]);
  return { command, files: { setup: setupScript(sandbox, { root, base, ip }), fstab: fstab(sandbox, base) } };
}

/** Process 1 of the instance: builds the root, enters it, runs the program as its child, reaps what is left to it. */
function setupScript(
  sandbox: Sandbox,
  { root, base, ip }: { root: boolean; base: string; ip: boolean },
): string {
  const below = (path: string) => quote(`.${path}`);
  const files = sandbox.mounts.filter(
    ({ kind, target }) => kind !== "memory" && kind !== "link" && !sandbox.folders.has(target),
  );
  const links = sandbox.mounts.filter(({ kind }) => kind === "link");
  const overlay = sandbox.overlay;
  const enter = root
    ? dropRoot(sandbox)
    : // a second user namespace: nothing of the first one's rights over these mounts is left
      [
        "unshare",
        "--user",
        `--map-user=${sandbox.uid}`,
        `--map-group=${sandbox.gid}`,
        "setpriv",
        "--no-new-privs",
        "--",
      ];
  return [
    'fail() { echo "fieldmark: cannot build the sandbox: $1" >&2; exit 125; }',
    `cd ${quote(base)} || fail cd`,
    overlay === null
      ? ""
      : `mount -t overlay overlay -o userxattr,lowerdir=${overlay.lower},upperdir=${overlay.upper},workdir=${overlay.work} ${overlay.merged} || fail overlay`,
    `mount -t tmpfs -o mode=755,size=16m,nosuid,nodev fieldmark ${ROOT} && cd ${ROOT} || fail root`,
    `mkdir -p ${[...foldersToMake(sandbox), ...links.map(({ target }) => target), "/dev/pts", "/.host"].map(below).join(" ")} || fail mkdir`,
    ...[...files.map(({ target }) => target), ...DEVICES.map((name) => `/dev/${name}`)].map(
      (path) => `: > ${below(path)}`,
    ),
    "cp -P /dev/fd /dev/stdin /dev/stdout /dev/stderr dev/ && ln -s pts/ptmx dev/ptmx || fail dev",
    "mount -a -T ../fstab || fail mounts",
    `hostname ${quote(sandbox.hostname)} 2>/dev/null`,
    sandbox.ownNetwork && ip ? "ip link set lo up || fail lo" : "",
    "pivot_root . .host && cd / || fail pivot_root",
    "umount -l /.host && rmdir /.host || fail umount",
    "mount -o remount,bind,ro,nosuid,nodev / || fail remount",
    `cd ${quote(sandbox.workingFolder)} || fail chdir`,
    // the shell's own words (`Killed`) are no output of the program
    "exec 3>&2 2>/dev/null",
    `( exec ${quoteAll([...enter, ...sandbox.command])} 2>&3 3>&- )`,
    "exit $?",
    "",
  ].join("\n");
}

/** All mounts as one table: one run of mount(8) makes them. */
function fstab(sandbox: Sandbox, base: string): string {
  const at = (path: string) => `${base}/${ROOT}${path}`;
  const row = (source: string, target: string, type: string, options: string) =>
    `${escaped(source)} ${escaped(at(target))} ${type} ${options} 0 0`;
  const line = (mount: Mount): string => {
    switch (mount.kind) {
      case "show":
      case "link":
        return row(mount.source, mount.target, "none", "rbind,ro,nosuid,nodev");
      case "bind":
        return row(mount.source, mount.target, "none", "rbind,nosuid,nodev");
      case "memory":
        return row("memory", mount.target, "tmpfs", `mode=1777,size=${mount.bytes},nosuid,nodev`);
    }
  };
  return [
    row("proc", "/proc", "proc", "nosuid,nodev,noexec"),
    ...DEVICES.map((name) => row(`/dev/${name}`, `/dev/${name}`, "none", "bind,nosuid,noexec")),
    row("devpts", "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=620,nosuid,noexec"),
    ...sandbox.mounts.map(line),
    "",
  ].join("\n");
}

/** Octal escapes, as fstab(5) has them. */
function escaped(path: string): string {
  return path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
