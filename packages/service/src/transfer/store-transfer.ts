import type { ObjectStore } from "@fieldmark/object-store";
import { stopFeeders } from "./pipe-feeder.ts";
import { stageInputs } from "./stage-inputs.ts";
import type { Transfer } from "./transfer.ts";
import { UploadJournal } from "./upload-journal.ts";
import { uploadOutput } from "./upload-output.ts";
import { watchOutputs } from "./watch-outputs.ts";

export interface StoreTransferOptions {
  /** Told of Continuous uploads that failed and will be tried again at the job's end. */
  readonly onProblem: (error: unknown) => void;
  /** ms; monotonic */
  readonly elapsed: () => number;
}

/** Transfer between an object store and folders on this machine. */
export function storeTransfer(store: ObjectStore, options: StoreTransferOptions): Transfer {
  return {
    async stage(plan, folders, signal) {
      await stageInputs(store, plan, { folders, signal });
    },
    watchContinuous(plan, folders) {
      return watchOutputs(store, plan, { folders, ...options });
    },
    async upload(plan, folders, signal) {
      const failures: unknown[] = [];
      // One after another: where hosts write the same object, the last one's stays.
      for (const folder of folders) {
        await using journal = await UploadJournal.open(folder);
        for (const output of plan.uploads) {
          await uploadOutput(store, output, { folder, journal, signal, isDue: () => true }).catch(
            (error: unknown) => {
              failures.push(error);
            },
          );
          signal.throwIfAborted();
        }
      }
      if (failures.length > 0) throw failures[0];
    },
    async release(_plan, folders) {
      for (const folder of folders) await stopFeeders(folder);
    },
  };
}
