import { dirname, join } from "node:path";
import type { ObjectStore } from "@fieldmark/object-store";
import type { Download, RunPlan } from "../jobs/run-plan.ts";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { belowMl } from "./container-path.ts";
import type { InputObject } from "./input-object.ts";
import { inputObjects } from "./input-objects.ts";
import { layout } from "./layout.ts";
import { startFeeder } from "./pipe-feeder.ts";
import { makeFolder, makeOneFolder, placeFiles } from "./place-files.ts";
import { shard } from "./shard.ts";

/** Inputs in the request's order, so that where two give the same file the later one wins, crash or not. */
export async function stageInputs(
  store: ObjectStore,
  plan: RunPlan,
  { folders, signal }: { readonly folders: readonly InstanceFolder[]; readonly signal: AbortSignal },
): Promise<void> {
  for (const folder of folders) {
    for (const { localPath } of plan.uploads) await makeFolder(folder, belowMl(localPath));
  }
  for (const [number, download] of plan.downloads.entries()) {
    const objects = await inputObjects(store, download, signal);
    for (const [host, folder] of folders.entries()) {
      const taken = takenBy(download, objects, { host, hosts: folders.length });
      await (download.s3InputMode === "Pipe"
        ? feed(store, { download, number, objects: taken }, { folder, signal })
        : place(store, { download, objects: taken }, { folder, signal }));
    }
  }
}

function takenBy(
  { s3DataDistributionType }: Download,
  objects: readonly InputObject[],
  { host, hosts }: { readonly host: number; readonly hosts: number },
): readonly InputObject[] {
  if (s3DataDistributionType === "FullyReplicated") return objects;
  const isMarker = ({ key }: InputObject) => key.endsWith("/");
  // Folder markers are dealt to nobody: they would make the shares of real objects unequal.
  return [
    ...objects.filter(isMarker),
    ...shard(
      objects.filter((object) => !isMarker(object)),
      host,
      hosts,
    ),
  ];
}

interface Target {
  readonly folder: InstanceFolder;
  readonly signal: AbortSignal;
}

async function place(
  store: ObjectStore,
  { download, objects }: { readonly download: Download; readonly objects: readonly InputObject[] },
  { folder, signal }: Target,
): Promise<void> {
  const local = belowMl(download.localPath);
  const { folders, files } = layout(objects);
  const root = await makeFolder(folder, local);
  for (const path of folders) {
    signal.throwIfAborted();
    await makeOneFolder(`${root}/${path}`, folder.owner);
  }
  const copied = folder.copyBelow.map((path) => `${path}/`);
  const mayLink = (path: string) => !copied.some((below) => `/opt/ml/${local}/${path}`.startsWith(below));
  await placeFiles(store, files, { root, owner: folder.owner, mayLink, signal });
}

async function feed(
  store: ObjectStore,
  input: { readonly download: Download; readonly number: number; readonly objects: readonly InputObject[] },
  { folder, signal }: Target,
): Promise<void> {
  const { inputName, localPath, s3CompressionType } = input.download;
  const fifo = `${belowMl(localPath)}_0`;
  await makeFolder(folder, dirname(fifo));
  const objects = input.objects.filter(({ key }) => !key.endsWith("/"));
  await startFeeder(
    store,
    { number: input.number, inputName, compression: s3CompressionType, objects, fifo: join(folder.ml, fifo) },
    { folder, signal },
  );
}
