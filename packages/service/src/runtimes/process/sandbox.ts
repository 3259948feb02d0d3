import { dirname } from "node:path";

/** One thing at a place of its own in an instance's file system. Sources are paths of the host. */
export type Mount =
  /** A file or folder of the host, read-only, without devices and set-uid programs. */
  | { readonly kind: "show"; readonly source: string; readonly target: string }
  /** A file or folder of the host that the program may write. */
  | { readonly kind: "bind"; readonly source: string; readonly target: string }
  /** A folder of the host that another path of the sandbox is a link to (`/bin` → `usr/bin`). */
  | { readonly kind: "link"; readonly source: string; readonly to: string; readonly target: string }
  /** Memory as a folder. */
  | { readonly kind: "memory"; readonly target: string; readonly bytes: number };

/** What an instance sees: one plain value, which each recipe turns into the words of its tool. /proc and /dev are always there. */
export interface Sandbox {
  readonly hostname: string;
  /** A network namespace of its own, with nothing in it but lo. */
  readonly ownNetwork: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Parents before what lies below them. */
  readonly mounts: readonly Mount[];
  /** Targets that are folders; the others are files. */
  readonly folders: ReadonlySet<string>;
  /**
   * Where the service is no root: an overlay over `lower`, which is /opt/ml, is mounted at `merged` before the mounts; input
   * folders are bound from there, so that nothing reaches linked files. All lie in `base`, by these names.
   */
  readonly overlay: {
    readonly base: string;
    readonly lower: string;
    readonly upper: string;
    readonly work: string;
    readonly merged: string;
  } | null;
  readonly workingFolder: string;
  /** Run in the sandbox, as its user. */
  readonly command: readonly string[];
}

/** Every folder that must exist before the mounts are made, parents first. */
export function foldersToMake(sandbox: Sandbox): string[] {
  const made = new Set<string>(["/proc", "/dev"]);
  const add = (path: string) => {
    if (path === "/" || made.has(path)) return;
    add(dirname(path));
    made.add(path);
  };
  for (const mount of sandbox.mounts) {
    if (mount.kind === "memory" || (mount.kind !== "link" && sandbox.folders.has(mount.target)))
      add(mount.target);
    else add(dirname(mount.target));
  }
  return [...made];
}
