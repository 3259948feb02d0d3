import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Environment } from "../../environments/environment.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { besideOverlays, overlaidInputs } from "../linked-inputs.ts";
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
  const inputs = instance.overlay ? overlaidInputs(plan) : [];
  const around = inputs.length > 0 ? await besideOverlays(plan, { ml: files.ml, inputs }) : [];
  const merged = join(files.folder, OVERLAY.merged);
  const folders = [
    bind(files.tmp, "/tmp"),
    bind(files.home, INSIDE.home),
    bind(files.ml, INSIDE.ml),
    { kind: "show", source: files.run, target: INSIDE.run } as const,
    ...tools.folders,
    ...inputs.map((path) => bind(join(merged, relative(INSIDE.ml, path)), path)),
    ...around.filter(({ isFolder }) => isFolder).map(({ source, target }) => bind(source, target)),
  ];
  const memory: Mount = { kind: "memory", target: "/dev/shm", bytes: Math.ceil(plan.limits.memoryBytes / 2) };
  const pipes = around.filter(({ isFolder }) => !isFolder).map(({ source, target }) => bind(source, target));
  return {
    hostname: host,
    ownNetwork: instance.ownNetwork,
    uid,
    gid,
    mounts: inOrder([...view.mounts, ...shown.mounts, ...own, ...folders, ...tools.files, ...pipes, memory]),
    folders: new Set([...view.folders, ...shown.folders, ...folders.map(({ target }) => target)]),
    overlay: inputs.length > 0 ? { base: files.folder, lower: "ml", ...OVERLAY } : null,
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
