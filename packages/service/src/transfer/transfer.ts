import type { RunPlan } from "../jobs/run-plan.ts";
import type { InstanceFolder } from "../runtimes/runtime.ts";

/**
 * What goes between the object store and the instances' folders. Every method may be called again after a crash at any
 * point, with the same plan and folders.
 */
export interface Transfer {
  /**
   * Places all inputs, makes the outputs' folders, starts the feeders of Pipe inputs.
   * @throws INPUT_NOT_FOUND, INPUT_MANIFEST, INPUT_KEY, … whose message is the job's FailureReason; the signal's reason
   */
  stage(plan: RunPlan, folders: readonly InstanceFolder[], signal: AbortSignal): Promise<void>;

  /**
   * Uploads new and changed files of Continuous outputs while the program runs. Call it after `stage` or when a running
   * job is adopted; dispose it when the program is gone, before `upload`. Its failures are left to `upload`.
   */
  watchContinuous(plan: RunPlan, folders: readonly InstanceFolder[]): AsyncDisposable;

  /**
   * Uploads all outputs; what is there already and unchanged is not sent again. The program must be gone.
   * @throws OUTPUT_FAILED with the output's name, the file and the reason; the signal's reason
   */
  upload(plan: RunPlan, folders: readonly InstanceFolder[], signal: AbortSignal): Promise<void>;

  /**
   * Ends the feeders of Pipe inputs. Call it when the program is gone; none running is no error.
   * @throws INPUT_NOT_GZIP when one broke off because an object could not be decompressed
   */
  release(plan: RunPlan, folders: readonly InstanceFolder[]): Promise<void>;
}
