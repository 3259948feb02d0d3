import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderStore, type ObjectStore } from "@fieldmark/object-store";
import { anyRunPlan } from "../jobs/run-plan.test.kit.ts";
import type { Download, RunPlan, Upload } from "../jobs/run-plan.ts";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { storeTransfer } from "./store-transfer.ts";
import type { Transfer } from "./transfer.ts";

/** A folder store with the bucket `bkt`, and instances' folders on the same file system. For tests. */
export interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly store: FolderStore;
  readonly transfer: Transfer;
  readonly problems: unknown[];
  readonly put: (key: string, body?: string | Uint8Array) => Promise<void>;
  readonly folders: (hosts: number) => Promise<InstanceFolder[]>;
}

export async function openFixture(
  storeSeen: (store: FolderStore) => ObjectStore = (store) => store,
): Promise<Fixture> {
  const root = await mkdtemp(join(tmpdir(), "fieldmark-transfer-"));
  const store = await FolderStore.open(join(root, "store"));
  await store.createBucket("bkt");
  const problems: unknown[] = [];
  const options = { onProblem: (error: unknown) => problems.push(error), elapsed: () => performance.now() };
  return {
    root,
    store,
    problems,
    transfer: storeTransfer(storeSeen(store), options),
    async put(key, body = key) {
      await store.put({ bucket: "bkt", key }, oneChunk(Buffer.from(body)));
    },
    async folders(hosts) {
      const names = Array.from({ length: hosts }, (_, index) => `algo-${index + 1}`);
      return await Promise.all(
        names.map(async (host) => {
          const ml = join(root, "job", host, "ml");
          await mkdir(join(ml, "processing"), { recursive: true });
          return { host, ml, transfer: join(root, "job", host, "transfer"), owner: null, copyBelow: [] };
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function download(s3Uri: string, more: Partial<Download> = {}): Download {
  return {
    inputName: "in",
    s3Uri,
    localPath: "/opt/ml/processing/in",
    s3DataType: "S3Prefix",
    s3InputMode: "File",
    s3DataDistributionType: "FullyReplicated",
    s3CompressionType: "None",
    ...more,
  };
}

export function upload(more: Partial<Upload> = {}): Upload {
  return {
    outputName: "out",
    s3Uri: "s3://bkt/results",
    localPath: "/opt/ml/processing/out",
    s3UploadMode: "EndOfJob",
    ...more,
  };
}

export function planOf(parts: {
  readonly downloads?: readonly Download[];
  readonly uploads?: readonly Upload[];
}): RunPlan {
  return anyRunPlan({ jobName: "birds", ...parts });
}
