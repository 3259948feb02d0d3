import { chmod, lchown, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { removeTree } from "../remove-tree.ts";
import { INSIDE, OVERLAY } from "./instance-sandbox.ts";
import type { InstanceFiles } from "./job-files.ts";
import { addressOf } from "./slots.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes the folders of one instance anew; what was there is removed. */
export async function makeInstanceFolders({
  files,
  owner,
}: {
  readonly files: InstanceFiles /** null: the service's own user */;
  readonly owner: Owner | null;
}): Promise<void> {
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
  await chmod(files.tmp, 0o1777);
  if (owner !== null) for (const path of given) await lchown(path, owner.uid, owner.gid);
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
