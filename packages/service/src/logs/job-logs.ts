import { join } from "node:path";

/** The log group of every processing job, as SageMaker names it. */
export const PROCESSING_JOBS_GROUP = "/aws/sagemaker/ProcessingJobs";

/**
 * Where the output of an instance's program goes: bytes as printed, stdout and stderr in the order of writing. The
 * instance's supervisor appends to it (O_APPEND); nobody else does.
 *
 * @param folder `DATA/logs`
 * @param stream `<job name>/algo-<i>-<epoch ms>`
 */
export function logFile(folder: string, stream: string): string {
  return join(folder, encodeURIComponent(PROCESSING_JOBS_GROUP), `${stream}.log`);
}

/** Program output of jobs, as the controller sees it: made before the program starts, ended after it, kept for a while. */
export interface JobLogs {
  /**
   * Makes the stream and its empty file, or finds them, and follows the file from now on: call it before the program
   * starts, and again when a running instance is adopted.
   */
  follow(stream: string): Promise<void>;

  /** The program is gone: what it left of an unfinished line becomes an event. Again, or for a stream never made: no error. */
  end(stream: string): Promise<void>;

  /** The last lines that are not blank, oldest first, decoded, together at most `maxBytes` of UTF-8; [] when there are none. */
  lastLines(
    stream: string,
    options: { readonly count: number; readonly maxBytes: number },
  ): Promise<readonly string[]>;

  /** Removes streams that ended before `time` (epoch ms). Returns how many. */
  removeEndedBefore(time: number): Promise<number>;
}
