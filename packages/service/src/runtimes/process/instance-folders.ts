import { chmod, lchown, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTAINER_PATHS } from "@fieldmark/contract";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { INSIDE, OVERLAY } from "./instance-sandbox.ts";
import type { InstanceFiles } from "./job-files.ts";
import { addressOf } from "./slots.ts";

/** Removing a tree again after its folders were opened. */
const REMOVE_ATTEMPTS = 4;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes the folders of one instance anew; what was there is removed. */
export async function makeInstanceFolders(
  plan: RunPlan,
  host: string,
  {
    files,
    owner,
  }: { readonly files: InstanceFiles /** null: the service's own user */; readonly owner: Owner | null },
): Promise<void> {
  await removeTree(files.folder);
  await mkdir(files.folder, { mode: 0o711 });
  const given = [
    files.ml,
    ...["config", "output", "processing"].map((name) => join(files.ml, name)),
    files.tmp,
    files.home,
    files.work,
    files.run,
    files.etc,
  ];
  const mine = [OVERLAY.upper, OVERLAY.work, OVERLAY.merged, "root"].map((name) => join(files.folder, name));
  for (const folder of [...given, ...mine]) await mkdir(folder, { mode: 0o755 });
  const inMl = (path: string) => join(files.ml, path.slice(INSIDE.ml.length));
  await Promise.all([
    writeFile(
      inMl(CONTAINER_PATHS.processingJobConfig),
      `${JSON.stringify(plan.processingJobConfig, null, 2)}\n`,
    ),
    writeFile(
      inMl(CONTAINER_PATHS.resourceConfig),
      `${JSON.stringify(resourceConfig(plan, host), null, 2)}\n`,
    ),
    chmod(files.tmp, 0o1777),
  ]);
  if (owner !== null) for (const path of given) await lchown(path, owner.uid, owner.gid);
}

/** What a program finds in /opt/ml/config/resourceconfig.json. */
function resourceConfig({ hosts, instanceType }: RunPlan, host: string) {
  const group = "homogeneousCluster";
  return {
    current_host: host,
    hosts,
    current_instance_type: instanceType,
    current_group_name: group,
    instance_groups: [{ instance_group_name: group, instance_type: instanceType, hosts }],
  };
}

/** Files of /etc that an instance has of its own. */
export async function writeEtc(
  plan: RunPlan,
  host: string,
  { folder, slot, owner }: { readonly folder: string; readonly slot: number; readonly owner: Owner },
): Promise<void> {
  const { uid, gid } = owner;
  const rows = {
    hosts: [
      "127.0.0.1 localhost",
      "::1 localhost ip6-localhost ip6-loopback",
      ...plan.hosts.map((name, index) => `${addressOf(slot, index)} ${name}`),
    ],
    hostname: [host],
    passwd: [
      ...(uid === 0 ? [] : ["root:x:0:0:root:/root:/bin/sh"]),
      `job:x:${uid}:${gid}:job:${INSIDE.home}:/bin/sh`,
      "nobody:x:65534:65534:nobody:/nonexistent:/bin/false",
    ],
    group: [...(gid === 0 ? [] : ["root:x:0:"]), `job:x:${gid}:`, "nogroup:x:65534:"],
  };
  await Promise.all(
    Object.entries(rows).map(
      async ([name, lines]) => await writeFile(join(folder, name), `${lines.join("\n")}\n`, { mode: 0o644 }),
    ),
  );
}

/** Gives a folder and all in it to a user; links are not followed. */
export async function giveTree(path: string, { uid, gid }: Owner): Promise<void> {
  await lchown(path, uid, gid);
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) await giveTree(below, { uid, gid });
    else await lchown(below, uid, gid);
  }
}

/** Removes a folder with whatever modes a program of the same user left in it. */
export async function removeTree(path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") || attempt === REMOVE_ATTEMPTS)
        throw error;
      await openTree(path);
    }
  }
}

/** What is gone meanwhile is as good as opened: a removal that failed may still be at work beside this. */
async function openTree(path: string): Promise<void> {
  try {
    await chmod(path, 0o700);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await openTree(join(path, entry.name));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
