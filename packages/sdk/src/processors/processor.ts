import type { ProcessingJob } from "../jobs/processing-job.ts";
import { beginRun, type ProcessorOptions, type RunArgs, startJob } from "../jobs/start-job.ts";

/**
 * Runs a program of an image as a processing job.
 *
 * @example
 * ```ts
 * import { Processor, Session } from "@fieldmark/sdk";
 *
 * async function count(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const processor = new Processor({ session, imageUri: "sklearn", entrypoint: ["ls", "-R", "/opt/ml/processing"] });
 *   const job = await processor.run({
 *     inputs: [{ source: "data/test", destination: "/opt/ml/processing/input/test" }],
 *   });
 *   await job.wait({ logs: true });
 * }
 * ```
 */
export class Processor {
  readonly #options: ProcessorOptions & {
    readonly imageUri: string;
    readonly entrypoint?: readonly string[];
  };

  /** `entrypoint` is the command that runs. Default: the image's own */
  constructor(
    options: ProcessorOptions & { readonly imageUri: string; readonly entrypoint?: readonly string[] },
  ) {
    this.#options = options;
  }

  /** Uploads local inputs and creates the job. @throws SERVICE_UNREACHABLE, SERVICE_REFUSED, FILE_NOT_FOUND */
  async run(args: RunArgs = {}): Promise<ProcessingJob> {
    const { imageUri, entrypoint } = this.#options;
    return await startJob(beginRun(this.#options, imageUri, args.jobName), this.#options, {
      ...args,
      entrypoint,
    });
  }
}
