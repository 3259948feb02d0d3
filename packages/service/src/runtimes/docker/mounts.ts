import { chmod, mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type Docker from "dockerode";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { besideOverlays, fifoPaths, overlaidInputs } from "../linked-inputs.ts";
import type { InstanceFiles } from "./job-folder.ts";

export const ML = "/opt/ml";

/**
 * /opt/ml as the instance's own folder, with an overlay over each input: the program may do there what it likes, and the
 * objects that are linked below stay as they are.
 */
export async function boundMounts(
  plan: RunPlan,
  {
    files,
    volume,
    labels,
  }: {
    readonly files: InstanceFiles;
    /** Prefix of its volumes' names. */
    readonly volume: string;
    readonly labels: Readonly<Record<string, string>>;
  },
): Promise<Docker.MountSettings[]> {
  const inputs = overlaidInputs(plan);
  const beside = await besideOverlays(plan, { ml: files.ml, inputs });
  const overlays: Docker.MountSettings[] = [];
  for (const [index, target] of inputs.entries()) {
    const { upper, work } = files.overlay(index);
    await mkdir(upper, { recursive: true, mode: 0o755 });
    await mkdir(work, { recursive: true, mode: 0o700 });
    const lower = join(files.ml, relative(ML, target));
    overlays.push({
      Type: "volume",
      Source: `${volume}-${index}`,
      Target: target,
      VolumeOptions: {
        NoCopy: true,
        Labels: { ...labels },
        DriverConfig: { Name: "local", Options: overlayOptions({ lower, upper, work }) },
      },
    });
  }
  return [bind(files.ml, ML), ...overlays, ...beside.map(({ source, target }) => bind(source, target))];
}

/** /opt/ml as a volume at the daemon, which is filled before the start; FIFOs only where the daemon sees this machine's files. */
export function sentMounts(
  plan: RunPlan,
  {
    files,
    volume,
    labels,
    binds,
  }: {
    readonly files: InstanceFiles;
    readonly volume: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly binds: boolean;
  },
): Docker.MountSettings[] {
  return [
    {
      Type: "volume",
      Source: volume,
      Target: ML,
      VolumeOptions: { NoCopy: true, Labels: { ...labels }, DriverConfig: { Name: "local", Options: {} } },
    },
    ...(binds ? fifoPaths(plan).map((target) => bind(join(files.ml, relative(ML, target)), target)) : []),
  ];
}

/**
 * Lets the image's user, whoever that is, write where outputs go and read FIFOs: nobody else on this machine enters the
 * data folder.
 */
export async function openOutputs(plan: RunPlan, { ml }: InstanceFiles): Promise<void> {
  const folders = new Set([ML, `${ML}/output`, `${ML}/processing`]);
  for (const { localPath } of plan.uploads) {
    const names = relative(ML, localPath).split("/");
    for (let length = 1; length <= names.length; length += 1)
      folders.add(join(ML, ...names.slice(0, length)));
  }
  const open = (path: string, mode: number) => chmod(join(ml, relative(ML, path)), mode);
  await Promise.all([
    ...[...folders].map((path) => open(path, 0o777)),
    ...fifoPaths(plan).map((path) => open(path, 0o644)),
  ]);
}

/** Options of a volume of Docker's local driver. */
export function overlayOptions({
  lower,
  upper,
  work,
}: {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
}): Record<string, string> {
  const escaped = (path: string) => path.replace(/[\\:,]/g, "\\$&");
  return {
    type: "overlay",
    device: "overlay",
    o: `lowerdir=${escaped(lower)},upperdir=${escaped(upper)},workdir=${escaped(work)}`,
  };
}

const bind = (source: string, target: string): Docker.MountSettings => ({
  Type: "bind",
  Source: source,
  Target: target,
});
