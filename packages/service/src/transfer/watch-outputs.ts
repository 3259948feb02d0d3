import { setTimeout } from "node:timers/promises";
import type { ObjectStore } from "@fieldmark/object-store";
import type { RunPlan } from "../jobs/run-plan.ts";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { UploadJournal } from "./upload-journal.ts";
import { uploadOutput } from "./upload-output.ts";

/** ms between looks, at least; a look that takes long is followed by a longer rest. */
const LOOK_EVERY = 1000;
const REST_FACTOR = 10;

export interface WatchOptions {
  readonly folders: readonly InstanceFolder[];
  /** Told of uploads that failed; the upload at the job's end tries them again and is the one that fails. */
  readonly onProblem: (error: unknown) => void;
  /** ms; monotonic */
  readonly elapsed: () => number;
}

/** Uploads files of Continuous outputs that rested from one look to the next, until it is disposed. */
export function watchOutputs(store: ObjectStore, plan: RunPlan, options: WatchOptions): AsyncDisposable {
  const continuous = plan.uploads.filter(({ s3UploadMode }) => s3UploadMode === "Continuous");
  const ended = new AbortController();
  const watching = Promise.all(
    continuous.length === 0
      ? []
      : options.folders.map((folder) =>
          watchFolder(store, continuous, { folder, signal: ended.signal, ...options }).catch(
            options.onProblem,
          ),
        ),
  );
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await watching;
    },
  };
}

async function watchFolder(
  store: ObjectStore,
  outputs: RunPlan["uploads"],
  watch: WatchOptions & { readonly folder: InstanceFolder; readonly signal: AbortSignal },
): Promise<void> {
  await using journal = await UploadJournal.open(watch.folder);
  let seen = new Map<string, string>();
  while (!watch.signal.aborted) {
    const started = watch.elapsed();
    const seenNow = new Map<string, string>();
    for (const output of outputs) {
      try {
        await uploadOutput(store, output, {
          ...watch,
          journal,
          isDue: ({ version }, uri) => {
            seenNow.set(uri, version);
            return seen.get(uri) === version;
          },
        });
      } catch (error) {
        if (!watch.signal.aborted) watch.onProblem(error);
      }
    }
    seen = seenNow;
    const rest = Math.max(LOOK_EVERY, (watch.elapsed() - started) * REST_FACTOR);
    await setTimeout(rest, undefined, { signal: watch.signal }).catch(() => {
      // Only an abort ends the rest early; the loop's condition sees it.
    });
  }
}
