import { dropRoot } from "./drop-root.ts";
import { foldersToMake, type Mount, type Sandbox } from "./sandbox.ts";
import { quoteAll } from "./shell.ts";

/**
 * The sandbox by bubblewrap, as one command of a shell. With root, bwrap makes the namespaces as root, which sees every
 * folder, and the program's user is entered inside, before anything of the job runs; without, bwrap makes a user namespace.
 */
export function bwrapCommand(sandbox: Sandbox, { root }: { readonly root: boolean }): string {
  const words = [
    "bwrap",
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent"],
    ...(root
      ? []
      : ["--unshare-user", "--uid", String(sandbox.uid), "--gid", String(sandbox.gid), "--cap-drop", "ALL"]),
    ...(sandbox.ownNetwork ? ["--unshare-net"] : []),
    ...["--hostname", sandbox.hostname],
    ...["--proc", "/proc", "--dev", "/dev"],
    // made by name: bwrap gives parents that it makes on the way to a mount mode 0700
    ...foldersToMake(sandbox)
      .filter((path) => path !== "/proc" && path !== "/dev" && !path.startsWith("/dev/"))
      .flatMap((path) => ["--dir", path]),
    ...sandbox.mounts.flatMap(mountWords),
    ...["--remount-ro", "/", "--chdir", sandbox.workingFolder],
    ...["--", ...(root ? dropRoot(sandbox) : []), ...sandbox.command],
  ];
  if (sandbox.overlay === null) return quoteAll(words);
  const { base, lower, upper, work, merged } = sandbox.overlay;
  const mount = [
    "mount",
    "-t",
    "overlay",
    "overlay",
    "-o",
    `userxattr,lowerdir=${lower},upperdir=${upper},workdir=${work}`,
    merged,
  ];
  const script = `cd "$1" && shift && ${quoteAll(mount)} && exec "$@"`;
  // the second user namespace, bwrap's, keeps the program from the overlay's layers
  return quoteAll([
    ...["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"],
    ...["/bin/sh", "-c", script, "sh", base, ...words],
  ]);
}

function mountWords(mount: Mount): string[] {
  switch (mount.kind) {
    case "show":
      return ["--ro-bind-try", mount.source, mount.target];
    case "bind":
      return ["--bind", mount.source, mount.target];
    case "link":
      return ["--symlink", mount.to, mount.target];
    case "memory":
      return ["--perms", "1777", "--size", String(mount.bytes), "--tmpfs", mount.target];
  }
}
