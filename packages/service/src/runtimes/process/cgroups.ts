import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Limits } from "../../jobs/run-plan.ts";

const CONTROLLERS = ["memory", "pids", "cpu"] as const;
type Controller = (typeof CONTROLLERS)[number];
/** Name of the folder that holds the groups of all instances. */
const PARENT = "fieldmark";
/** Name of the leaf that this process is in, where version 2 lets no process be beside its groups. */
const OWN_LEAF = "service";
const CPU_PERIOD = 100_000; // microseconds
/** Limits of a group that is made to see whether groups can be made. */
const TRIAL_LIMITS: Limits = {
  memoryBytes: 2 ** 24,
  cpus: 1,
  processes: 16,
  diskBytes: 0,
  maxRuntimeSeconds: 1,
};

/** The groups of one instance: a folder for each hierarchy. */
export interface InstanceGroups {
  readonly folders: readonly string[];
  /** A process that writes 0 into each of these is inside. */
  readonly join: readonly string[];
  /** Files with a line `oom_kill N`. */
  readonly oomCounts: readonly string[];
}

/** Control groups that this process may make, version 1 or 2. */
export interface ControlGroups {
  readonly version: 1 | 2 | null;
  readonly controllers: ReadonlySet<Controller>;
  /** Why not all controllers are there; null when they are. */
  readonly lacks: string | null;
  create(name: string, limits: Limits): Promise<InstanceGroups>;
}

interface Hierarchy {
  readonly version: 1 | 2;
  readonly parent: string;
  readonly controllers: readonly Controller[];
}

/** Finds out by trying: makes the parent group of each hierarchy and turns its controllers on. */
export async function openControlGroups(
  files = { mounts: "/proc/self/mountinfo", own: "/proc/self/cgroup" },
): Promise<ControlGroups> {
  const found: Hierarchy[] = [];
  const reasons: string[] = [];
  const own = parseOwnGroups(await readFile(files.own, "utf8").catch(() => ""));
  for (const mount of parseMounts(await readFile(files.mounts, "utf8").catch(() => ""))) {
    try {
      const hierarchy = mount.version === 1 ? await openFirst(mount, own) : await openSecond(mount, own);
      if (hierarchy === null) continue;
      await removeGroups([await createIn(hierarchy, `trial-${process.pid}`, TRIAL_LIMITS)]);
      found.push(hierarchy);
    } catch (error) {
      reasons.push(`${mount.folder}: ${(error as Error).message}`);
    }
  }
  const controllers = new Set(found.flatMap((hierarchy) => hierarchy.controllers));
  return {
    version: found[0]?.version ?? null,
    controllers,
    lacks: CONTROLLERS.every((controller) => controllers.has(controller))
      ? null
      : (reasons[0] ?? "this system has no control groups"),
    create: async (name, limits) => {
      const made = await Promise.all(found.map(async (hierarchy) => await createIn(hierarchy, name, limits)));
      return {
        folders: made,
        // the shell that enters has one thread: for that version 1 need not stop all others
        join: made.map((folder, index) =>
          join(folder, found[index]?.version === 1 ? "tasks" : "cgroup.procs"),
        ),
        oomCounts: found.flatMap(({ version, controllers: [...names] }, index) =>
          names.includes("memory")
            ? [join(made[index] ?? "", version === 1 ? "memory.oom_control" : "memory.events")]
            : [],
        ),
      };
    },
  };
}

/** Removes groups whose processes are gone; one that is gone, or not yet empty, stays as it is. */
export async function removeGroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "EBUSY") throw error;
    });
  }
}

interface GroupMount {
  readonly version: 1 | 2;
  readonly folder: string;
  /** Which group the mount's folder is. */
  readonly root: string;
  readonly controllers: readonly Controller[];
}

/** Version 1: a group below the one that this process is in. */
async function openFirst(mount: GroupMount, own: ReadonlyMap<string, string>): Promise<Hierarchy | null> {
  const [controller] = mount.controllers;
  if (controller === undefined) return null;
  const parent = join(mount.folder, relative(mount.root, own.get(controller) ?? mount.root), PARENT);
  await mkdir(parent, { recursive: true });
  return { version: 1, parent, controllers: mount.controllers };
}

/**
 * Version 2: processes may only be in leaves. Root makes its groups below the tree's root; a user below the group that was
 * delegated to it, whose only process, this one, moves into a leaf of its own, unless it was started there (systemd's
 * DelegateSubgroup).
 */
async function openSecond(mount: GroupMount, own: ReadonlyMap<string, string>): Promise<Hierarchy | null> {
  const here = join(mount.folder, relative(mount.root, own.get("") ?? mount.root));
  const delegated = basename(here) === OWN_LEAF ? dirname(here) : here;
  const top = process.getuid?.() === 0 ? mount.folder : delegated;
  const offered = (await readFile(join(top, "cgroup.controllers"), "utf8")).trim().split(/\s+/);
  const controllers = CONTROLLERS.filter((controller) => offered.includes(controller));
  if (controllers.length === 0) return null;
  if (top !== mount.folder) {
    await mkdir(join(top, OWN_LEAF), { recursive: true });
    await writeFile(join(top, OWN_LEAF, "cgroup.procs"), "0");
  }
  const parent = join(top, PARENT);
  await mkdir(parent, { recursive: true });
  const enable = controllers.map((controller) => `+${controller}`).join(" ");
  for (const folder of [top, parent]) await writeFile(join(folder, "cgroup.subtree_control"), enable);
  return { version: 2, parent, controllers };
}

async function createIn(
  { version, parent, controllers }: Hierarchy,
  name: string,
  limits: Limits,
): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  const set = async (file: string, value: string | number) =>
    await writeFile(join(folder, file), String(value));
  const quota = Math.max(1_000, Math.round(limits.cpus * CPU_PERIOD));
  for (const controller of controllers) {
    if (controller === "pids") await set("pids.max", limits.processes);
    else if (controller === "memory" && version === 1) await set("memory.limit_in_bytes", limits.memoryBytes);
    else if (controller === "memory") {
      await set("memory.max", limits.memoryBytes);
      await set("memory.oom.group", 1);
      // absent where the kernel counts no swap
      await set("memory.swap.max", 0).catch(ignoreAbsence);
    } else if (version === 1) await set("cpu.cfs_quota_us", quota).catch(ignoreAbsence);
    else await set("cpu.max", `${quota} ${CPU_PERIOD}`);
  }
  return folder;
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT" && error.code !== "EACCES") throw error;
}

/** `N:controllers:/path` lines; version 2's controllers are "". */
function parseOwnGroups(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => {
        const [, names = "", ...path] = line.split(":");
        return names.split(",").map((name): [string, string] => [name, path.join(":")]);
      }),
  );
}

function parseMounts(text: string): readonly GroupMount[] {
  const mounts = new Map<string, GroupMount>();
  for (const line of text.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "/", folder = ""] = left.split(" ");
    const [type = "", , options = ""] = right.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const controllers = CONTROLLERS.filter((controller) => options.split(",").includes(controller));
    mounts.set(folder, { version: type === "cgroup" ? 1 : 2, folder, root, controllers });
  }
  return [...mounts.values()].filter(({ version, controllers }) => version === 2 || controllers.length > 0);
}
