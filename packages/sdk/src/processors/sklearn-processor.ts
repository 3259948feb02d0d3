import { imageUri } from "../images/image-uri.ts";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import { beginRun, type ProcessorOptions } from "../jobs/start-job.ts";
import { Session } from "../session.ts";
import { runScript, type ScriptRunArgs } from "./script-processor.ts";

export interface SKLearnProcessorOptions extends ProcessorOptions {
  /** Version of AWS's scikit-learn image: "0.20.0", "1.2-1". */
  readonly frameworkVersion: string;
  /** What runs the script. Default: ["python3"] */
  readonly command?: readonly string[];
}

/**
 * Runs a script in AWS's scikit-learn image; Fieldmark maps that image to its environment `sklearn`.
 *
 * @example
 * ```ts
 * import { SKLearnProcessor, Session } from "@fieldmark/sdk";
 *
 * async function prepare(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const processor = new SKLearnProcessor({ session, frameworkVersion: "0.20.0" });
 *   const job = await processor.run({
 *     code: "preprocessing.py",
 *     inputs: [{ source: "CUB_200_2011", destination: "/opt/ml/processing/input" }],
 *     outputs: [{ outputName: "train", source: "/opt/ml/processing/output/train" }],
 *   });
 *   await job.wait({ logs: true });
 * }
 * ```
 */
export class SKLearnProcessor {
  readonly #options: SKLearnProcessorOptions;

  constructor(options: SKLearnProcessorOptions) {
    this.#options = options;
  }

  async run(args: ScriptRunArgs): Promise<ProcessingJob> {
    const { session = new Session(), frameworkVersion: version, command = ["python3"] } = this.#options;
    const image = imageUri({ framework: "sklearn", version, region: await session.region() });
    const options = { ...this.#options, session };
    return await runScript(beginRun(options, image, args.jobName), options, { ...args, command });
  }
}
