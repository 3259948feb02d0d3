import { posix } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { localPath, type ProcessingInput, sourceUri } from "../jobs/processing-input.ts";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import { beginRun, type ProcessorOptions, type Run, type RunArgs, startJob } from "../jobs/start-job.ts";
import { localTree } from "../storage/local-files.ts";
import { isS3Uri } from "../storage/s3-uri.ts";
import type { TransferOptions } from "../storage/transfer-progress.ts";

/** Folder of the inputs that the processors add themselves. */
export const INPUT_FOLDER = "/opt/ml/processing/input";

export interface ScriptRunArgs extends RunArgs {
  /** The script: a path or file: URL on this machine, or `s3://bucket/key`. */
  readonly code: string;
}

/**
 * Runs a script in an image, as the SageMaker Python SDK's ScriptProcessor does: the script is uploaded to
 * `<default bucket>/<job>/input/code/` and run by `command`.
 *
 * @example
 * ```ts
 * import { ScriptProcessor, Session } from "@fieldmark/sdk";
 *
 * async function evaluate(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const processor = new ScriptProcessor({ session, imageUri: "tensorflow", command: ["python3"] });
 *   const job = await processor.run({
 *     code: "evaluation.py",
 *     arguments: ["--model-file", "model.tar.gz"],
 *     inputs: [
 *       { source: "data/test", destination: "/opt/ml/processing/input/test" },
 *       { source: "s3://models/birds/model.tar.gz", destination: "/opt/ml/processing/model" },
 *     ],
 *     outputs: [{ outputName: "evaluation", source: "/opt/ml/processing/evaluation" }],
 *   });
 *   await job.wait({ logs: true });
 *   const { evaluation } = await job.report();
 *   process.stdout.write(`${evaluation.multiclass_classification_metrics.accuracy.value}\n`);
 * }
 * ```
 */
export class ScriptProcessor {
  readonly #options: ProcessorOptions & { readonly imageUri: string; readonly command: readonly string[] };

  /** `command` runs the script: ["python3"] */
  constructor(
    options: ProcessorOptions & { readonly imageUri: string; readonly command: readonly string[] },
  ) {
    this.#options = options;
  }

  /** Uploads the script and local inputs and creates the job. */
  async run(args: ScriptRunArgs): Promise<ProcessingJob> {
    const { imageUri, command } = this.#options;
    return await runScript(beginRun(this.#options, imageUri, args.jobName), this.#options, {
      ...args,
      command,
    });
  }
}

/** A run of a script: the script becomes the input `code`, after the user's. */
export async function runScript(
  run: Run,
  options: ProcessorOptions,
  args: ScriptRunArgs & { readonly command: readonly string[] },
): Promise<ProcessingJob> {
  const { input, path } = await codeInput(run, { code: args.code, inputName: "code" }, args);
  return await startJob(run, options, {
    ...args,
    inputs: [...(args.inputs ?? []), input],
    entrypoint: [...args.command, path],
  });
}

/** The input that holds one file of code, and the file's path in the job. */
export async function codeInput(
  { session, name }: Run,
  { code, inputName }: { readonly code: string; readonly inputName: string },
  options: TransferOptions,
): Promise<{ readonly input: ProcessingInput; readonly path: string }> {
  if (!isS3Uri(code) && (await localTree(localPath(code))).kind === "folder")
    throw new FieldmarkError("REQUEST_INVALID", `code "${code}": expected a file, found a folder`, { code });
  const destination = posix.join(INPUT_FOLDER, inputName);
  // progress tells of inputs; a script is uploaded in no time
  const uploaded = await sourceUri(
    session,
    { source: code, jobName: name, inputName },
    { signal: options.signal, kmsKey: options.kmsKey },
  );
  const path = posix.join(destination, posix.basename(uploaded));
  return { input: { source: uploaded, destination, inputName }, path };
}
