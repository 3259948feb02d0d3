import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Environment } from "../../environments/environment.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { type HostView, isProgramPath, OWN_ETC, showAll } from "./host-view.ts";
import type { InstanceFiles } from "./job-files.ts";
import type { Mount, Sandbox } from "./sandbox.ts";

/** Places as the program sees them. */
export const INSIDE = {
  ml: "/opt/ml",
  home: "/home/job",
  work: "/home/job/work",
  run: "/run/fieldmark",
  program: "/run/fieldmark/program",
  credentials: "/run/fieldmark/credentials",
  python: "/opt/venv",
  evaluator: "/opt/fieldmark",
} as const;

/** Names of an overlay's folders in the instance's folder. */
export const OVERLAY = { upper: "upper", work: "overlay-work", merged: "merged" } as const;

export interface InstanceView {
  readonly plan: RunPlan;
  readonly host: string;
  readonly files: InstanceFiles;
  readonly uid: number;
  readonly gid: number;
  /** An overlay protects linked inputs. */
  readonly overlay: boolean;
  /** A network namespace of its own; else that of the supervisor. */
  readonly ownNetwork: boolean;
  /** of this machine */
  readonly view: HostView;
  /** Folders and files to show at their own places besides. */
  readonly shown: HostView;
  readonly environment: Environment;
}

/** Everything that one instance sees. */
export async function instanceSandbox(instance: InstanceView): Promise<Sandbox> {
  const { plan, host, files, uid, gid, view, shown, environment } = instance;
  const bind = (source: string, target: string): Mount => ({ kind: "bind", source, target });
  const own = OWN_ETC.map(
    (name): Mount => ({ kind: "show", source: join(files.etc, name), target: `/etc/${name}` }),
  );
  const tools = environmentMounts(environment, files);
  const overlaid = instance.overlay ? await throughOverlay(plan, files) : [];
  const folders = [
    bind(files.tmp, "/tmp"),
    bind(files.home, INSIDE.home),
    bind(instance.overlay ? join(files.folder, OVERLAY.merged) : files.ml, INSIDE.ml),
    { kind: "show", source: files.run, target: INSIDE.run } as const,
    ...tools.folders,
    ...overlaid.filter(({ isFolder }) => isFolder).map(({ mount }) => mount),
  ];
  const memory: Mount = { kind: "memory", target: "/dev/shm", bytes: Math.ceil(plan.limits.memoryBytes / 2) };
  const pipes = overlaid.filter(({ isFolder }) => !isFolder).map(({ mount }) => mount);
  return {
    hostname: host,
    ownNetwork: instance.ownNetwork,
    uid,
    gid,
    mounts: inOrder([...view.mounts, ...shown.mounts, ...own, ...folders, ...tools.files, ...pipes, memory]),
    folders: new Set([...view.folders, ...shown.folders, ...folders.map(({ target }) => target)]),
    overlay: instance.overlay ? { base: files.folder, lower: "ml", ...OVERLAY } : null,
    workingFolder: INSIDE.work,
    command: ["/bin/sh", INSIDE.program],
  };
}

/** Python's folders are shown where they are; the evaluator's at a place of its own, for theirs may be closed to the job's user. */
export async function shownForEnvironment(environment: Environment): Promise<HostView> {
  if (environment.kind === "evaluator") return { mounts: [], folders: new Set() };
  const { prefix, basePrefix, packageFolders } = environment.interpreter;
  const paths: string[] = [];
  for (const path of [basePrefix, prefix, ...packageFolders]) {
    if (!isProgramPath(path) && !paths.some((shown) => path === shown || path.startsWith(`${shown}/`)))
      paths.push(path);
  }
  return await showAll(paths);
}

/** Folders for PATH before the system's. */
export function environmentPath(environment: Environment): readonly string[] {
  return environment.kind === "evaluator"
    ? [`${INSIDE.evaluator}/bin`]
    : [`${INSIDE.python}/bin`, join(environment.interpreter.prefix, "bin")];
}

function environmentMounts(
  environment: Environment,
  files: InstanceFiles,
): { folders: readonly Mount[]; files: readonly Mount[] } {
  if (environment.kind === "python")
    return { folders: [{ kind: "bind", source: files.python, target: INSIDE.python }], files: [] };
  const { node, root, folders } = environment.program;
  return {
    folders: folders.map((name) => ({
      kind: "show",
      source: join(root, name),
      target: `${INSIDE.evaluator}/${name}`,
    })),
    files: [
      { kind: "show", source: node, target: `${INSIDE.evaluator}/bin/node` },
      { kind: "show", source: join(files.etc, "fieldmark"), target: `${INSIDE.evaluator}/bin/fieldmark` },
    ],
  };
}

/** What goes past the overlay: folders that are read after the end, FIFOs, which an overlay would make into others. */
async function throughOverlay(
  plan: RunPlan,
  files: InstanceFiles,
): Promise<{ mount: Mount; isFolder: boolean }[]> {
  const source = (path: string) => join(files.ml, relative(INSIDE.ml, path));
  const outputs = [
    `${INSIDE.ml}/output`,
    ...plan.uploads.map(({ localPath }) => localPath.replace(/\/+$/, "")),
  ];
  const found: { mount: Mount; isFolder: boolean }[] = [];
  for (const target of new Set(outputs)) {
    await mkdir(source(target), { recursive: true });
    found.push({ mount: { kind: "bind", source: source(target), target }, isFolder: true });
  }
  for (const { localPath, s3InputMode } of plan.downloads) {
    const target = `${localPath.replace(/\/+$/, "")}_0`;
    if (s3InputMode !== "Pipe" || (await access(source(target)).catch(() => "absent")) === "absent") continue;
    found.push({ mount: { kind: "bind", source: source(target), target }, isFolder: false });
  }
  return found;
}

/** Parents before what lies below them; one mount a place, the last one named. */
function inOrder(mounts: readonly Mount[]): Mount[] {
  const depth = ({ target }: Mount) => target.split("/").length;
  return [...new Map(mounts.map((mount) => [mount.target, mount])).values()].toSorted(
    (a, b) => depth(a) - depth(b),
  );
}

/** Makes the places of mounts that lie inside writable folders of the host: a sandbox's tool would make them for root alone. */
export async function makeMountPoints({ mounts, folders, overlay }: Sandbox): Promise<void> {
  for (const { target } of mounts) {
    const parent = mounts.findLast((other) => other.kind === "bind" && target.startsWith(`${other.target}/`));
    if (
      parent === undefined ||
      parent.kind !== "bind" ||
      (overlay !== null && target.startsWith(`${INSIDE.ml}/`))
    )
      continue;
    const place = join(parent.source, relative(parent.target, target));
    await mkdir(folders.has(target) ? place : dirname(place), { recursive: true });
    if (!folders.has(target)) await writeFile(place, "", { flag: "a" });
  }
}
