import { posix } from "node:path";
import { imageUri } from "../images/image-uri.ts";
import { localPath, type ProcessingInput } from "../jobs/processing-input.ts";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import type { ProcessingOutput } from "../jobs/processing-output.ts";
import { beginRun, type ProcessorOptions, type Run, type RunArgs } from "../jobs/start-job.ts";
import { Session } from "../session.ts";
import { joinS3Uri, parseS3Uri } from "../storage/s3-uri.ts";
import { upload, uploadStream } from "../storage/upload.ts";
import { INPUT_FOLDER, runScript } from "./script-processor.ts";

export interface PySparkProcessorOptions extends ProcessorOptions {
  /** Version of Spark: "3.3"; not read when `imageUri` is given. */
  readonly frameworkVersion: string;
  /** "py39"; together with `containerVersion`. */
  readonly pyVersion?: string;
  readonly containerVersion?: string;
  /** Default: AWS's Spark image */
  readonly imageUri?: string;
}

export interface PySparkRunArgs extends RunArgs {
  /** The application: a .py file on this machine, or s3:// */
  readonly submitApp: string;
  /** `spark-submit --py-files`: files on this machine, or s3:// */
  readonly submitPyFiles?: readonly string[];
  /** `spark-submit --jars` */
  readonly submitJars?: readonly string[];
  /** `spark-submit --files` */
  readonly submitFiles?: readonly string[];
  /** EMR-style classifications for Hadoop, Spark or Hive. */
  readonly configuration?: object;
  /** Where Spark's event logs are written while the job runs. */
  readonly sparkEventLogsS3Uri?: string;
}

const EVENT_LOGS_FOLDER = "/opt/ml/processing/spark-events/";

/**
 * Runs a PySpark application across the job's instances in AWS's Spark image, by its `smspark-submit`.
 *
 * @example
 * ```ts
 * import { PySparkProcessor, Session } from "@fieldmark/sdk";
 *
 * async function count(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const processor = new PySparkProcessor({ session, frameworkVersion: "3.3", instanceCount: 2 });
 *   const job = await processor.run({ submitApp: "count.py", arguments: ["--input", "s3a://birds/manifest/"] });
 *   await job.wait({ logs: true });
 * }
 * ```
 */
export class PySparkProcessor {
  readonly #options: PySparkProcessorOptions;

  constructor(options: PySparkProcessorOptions) {
    this.#options = options;
  }

  async run(args: PySparkRunArgs): Promise<ProcessingJob> {
    const { session = new Session() } = this.#options;
    const options = { ...this.#options, session };
    const run = beginRun(options, options.imageUri ?? (await this.#image(session)), args.jobName);
    const dependencies = [
      await staged(run, { inputName: "py-files", files: args.submitPyFiles }, args),
      await staged(run, { inputName: "jars", files: args.submitJars }, args),
      await staged(run, { inputName: "files", files: args.submitFiles }, args),
    ];
    const configured = await configurationInput(run, args);
    const events = eventLogs(args.sparkEventLogsS3Uri);
    return await runScript(run, options, {
      ...args,
      code: args.submitApp,
      command: ["smspark-submit", ...dependencies.flatMap(({ words }) => words), ...events.words],
      inputs: [...(args.inputs ?? []), ...dependencies.flatMap(({ inputs }) => inputs), ...configured],
      outputs: [...(args.outputs ?? []), ...events.outputs],
    });
  }

  async #image(session: Session): Promise<string> {
    const { frameworkVersion: version, pyVersion, containerVersion } = this.#options;
    return imageUri({
      framework: "spark",
      version,
      region: await session.region(),
      ...(pyVersion === undefined ? {} : { pyVersion }),
      ...(containerVersion === undefined ? {} : { containerVersion }),
    });
  }
}

/** Files for an option of spark-submit: those in S3 are named as they are, local ones become one input. */
async function staged(
  { session, name }: Run,
  { inputName, files = [] }: { readonly inputName: string; readonly files?: readonly string[] | undefined },
  args: RunArgs,
): Promise<{ readonly inputs: readonly ProcessingInput[]; readonly words: readonly string[] }> {
  if (files.length === 0) return { inputs: [], words: [] };
  const remote = files.filter((file) => /^s3a?:\/\//.test(file));
  const local = files.filter((file) => !remote.includes(file));
  if (local.length === 0) return { inputs: [], words: [`--${inputName}`, remote.join(",")] };
  const source = joinS3Uri(await session.defaultUri(args.signal), name, "input", inputName);
  for (const file of local) {
    await upload(
      session,
      { from: localPath(file), to: source },
      { signal: args.signal, kmsKey: args.kmsKey },
    );
  }
  const destination = posix.join(INPUT_FOLDER, inputName);
  return {
    inputs: [{ inputName, source, destination }],
    words: [`--${inputName}`, [...remote, destination].join(",")],
  };
}

async function configurationInput(
  { session, name }: Run,
  { configuration, signal, kmsKey }: PySparkRunArgs,
): Promise<readonly ProcessingInput[]> {
  if (configuration === undefined) return [];
  const source = joinS3Uri(await session.defaultUri(signal), name, "input/conf/configuration.json");
  await uploadStream(
    session.s3,
    { body: JSON.stringify(configuration), to: parseS3Uri(source) },
    { signal, kmsKey },
  );
  return [{ inputName: "conf", source, destination: posix.join(INPUT_FOLDER, "conf") }];
}

function eventLogs(destination: string | undefined): {
  readonly words: readonly string[];
  readonly outputs: readonly ProcessingOutput[];
} {
  if (destination === undefined) return { words: [], outputs: [] };
  return {
    words: ["--local-spark-event-logs-dir", EVENT_LOGS_FOLDER],
    outputs: [{ source: EVENT_LOGS_FOLDER, destination, s3UploadMode: "Continuous" }],
  };
}
