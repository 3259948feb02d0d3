import { FieldmarkError } from "@fieldmark/contract";
import { imageUri } from "../images/image-uri.ts";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import { beginRun, type ProcessorOptions, type Run, startJob } from "../jobs/start-job.ts";
import { Session } from "../session.ts";
import { isS3Uri, joinS3Uri, parseS3Uri } from "../storage/s3-uri.ts";
import { uploadStream } from "../storage/upload.ts";
import { runProc } from "./run-proc.ts";
import { codeInput, INPUT_FOLDER, type ScriptRunArgs } from "./script-processor.ts";
import { packSource } from "./source-archive.ts";

export interface FrameworkProcessorOptions extends ProcessorOptions {
  /** The Python SDK's `estimator_cls`. */
  readonly framework: "tensorflow" | "sklearn";
  /** "2.8.0"; not read when `imageUri` is given. */
  readonly frameworkVersion: string;
  /** "py39". Default: the one that AWS builds this version for */
  readonly pyVersion?: string;
  /** Default: AWS's image of the framework, which Fieldmark maps to its environment of that name. */
  readonly imageUri?: string;
  /** What runs the script. Default: ["python"] */
  readonly command?: readonly string[];
  /** Start of where code is uploaded. Default: the default bucket */
  readonly codeLocation?: string;
}

export interface FrameworkRunArgs extends ScriptRunArgs {
  /** Folder with the script and what it imports; `code` then names a file in it. A `requirements.txt` at its root is installed. */
  readonly sourceDir?: string;
  /** Further files and folders, put beside the script. */
  readonly dependencies?: readonly string[];
}

const SOURCE_ARCHIVE = "sourcedir.tar.gz";

/**
 * Runs a script with all of its folder in a framework's image, as the SageMaker Python SDK's FrameworkProcessor does:
 * `sourcedir.tar.gz` and `runproc.sh` are uploaded; the latter unpacks, installs requirements and runs the script.
 *
 * @example
 * ```ts
 * import { FrameworkProcessor, Session } from "@fieldmark/sdk";
 *
 * async function evaluate(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const processor = new FrameworkProcessor({
 *     session,
 *     framework: "tensorflow",
 *     frameworkVersion: "2.8.0",
 *     pyVersion: "py39",
 *     command: ["python3"],
 *   });
 *   const job = await processor.run({ code: "evaluation.py", sourceDir: "scripts" });
 *   await job.wait({ logs: true });
 * }
 * ```
 */
export class FrameworkProcessor {
  readonly #options: FrameworkProcessorOptions;

  constructor(options: FrameworkProcessorOptions) {
    this.#options = options;
  }

  async run(args: FrameworkRunArgs): Promise<ProcessingJob> {
    const { session = new Session(), framework } = this.#options;
    const image = this.#options.imageUri ?? (await this.#image(session));
    const options = { ...this.#options, session, baseJobName: this.#options.baseJobName ?? framework };
    const run = beginRun(options, image, args.jobName);
    const { sources, script } = isS3Uri(args.code)
      ? { sources: [], script: args.code }
      : await this.#uploadSource(run, args);
    const { input, path } = await codeInput(run, { code: script, inputName: "entrypoint" }, args);
    return await startJob(run, options, {
      ...args,
      inputs: [...(args.inputs ?? []), ...sources, input],
      entrypoint: ["/bin/bash", path],
    });
  }

  async #image(session: Session): Promise<string> {
    const { framework, frameworkVersion: version, pyVersion, instanceType } = this.#options;
    return imageUri({
      framework,
      version,
      region: await session.region(),
      ...(pyVersion === undefined ? {} : { pyVersion }),
      ...(instanceType === undefined ? {} : { instanceType }),
    });
  }

  /** Puts sourcedir.tar.gz and runproc.sh side by side: `<code location>/<job>/source/`. */
  async #uploadSource({ session, name }: Run, args: FrameworkRunArgs) {
    const { codeLocation, command = ["python"] } = this.#options;
    const { signal, kmsKey, sourceDir } = args;
    const given = sourceDir !== undefined && isS3Uri(sourceDir) ? sourceDir : null;
    if (given !== null && !given.endsWith(`/${SOURCE_ARCHIVE}`))
      throw new FieldmarkError("REQUEST_INVALID", `sourceDir "${given}": expected s3://…/${SOURCE_ARCHIVE}`);
    const start = codeLocation ?? (await session.defaultUri(signal));
    const folder = joinS3Uri(start, name, "source");
    const archive = given ?? joinS3Uri(folder, SOURCE_ARCHIVE);
    let entry = args.code;
    if (given === null) {
      const source = await packSource(args);
      entry = source.entry;
      await uploadStream(session.s3, { body: source.archive, to: parseS3Uri(archive) }, { signal, kmsKey });
    }
    const script = joinS3Uri(folder, "runproc.sh");
    await uploadStream(
      session.s3,
      { body: runProc({ command, entry }), to: parseS3Uri(script) },
      { signal, kmsKey },
    );
    return {
      sources: [{ inputName: "code", source: archive, destination: `${INPUT_FOLDER}/code/` }],
      script,
    };
  }
}
