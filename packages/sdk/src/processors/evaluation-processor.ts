import { basename, posix } from "node:path";
import { CONTAINER_PATHS } from "@fieldmark/contract";
import { localPath, type ProcessingInput } from "../jobs/processing-input.ts";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import { beginRun, type ProcessorOptions, type RunArgs, startJob } from "../jobs/start-job.ts";
import { localTree } from "../storage/local-files.ts";
import { isS3Uri } from "../storage/s3-uri.ts";

/** The built-in evaluator's image name. */
export const EVALUATOR_IMAGE = "fieldmark/evaluator";

export interface EvaluationProcessorOptions extends ProcessorOptions {
  /** Default: "fieldmark/evaluator", the service's built-in one; on AWS the URI of an image that holds it. */
  readonly imageUri?: string;
}

export interface EvaluationRunArgs extends Omit<RunArgs, "inputs" | "outputs"> {
  /** A model.tar.gz, or the folder of a model: on this machine, or s3:// (where archives end in .tar.gz or .tgz). */
  readonly model: string;
  /** Folder of the pictures, here or s3:// */
  readonly images: string;
  /** How several instances get the pictures: each all of them, or each a part. Default: "FullyReplicated" */
  readonly imagesDistributionType?: "FullyReplicated" | "ShardedByS3Key";
  /** CSV of the labels, here or s3://. Default: folders named by class */
  readonly annotations?: string;
  /** Class names in the model's order: one a line, or JSON. */
  readonly labels?: string;
  /** A preprocessing recipe as JSON. */
  readonly recipeFile?: string;
  /** Where the results go. Default: `s3://<default bucket>/<job>/output/evaluation` */
  readonly destination?: string;
}

/**
 * Evaluates an image classifier as a processing job, without Python: the job runs `fieldmark evaluate`, and further
 * `arguments` are that command's. With an `instanceCount` above 1 the instances share the work, and the first one writes
 * the report of all.
 *
 * @example
 * ```ts
 * import { EvaluationProcessor, Session } from "@fieldmark/sdk";
 *
 * async function evaluate(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const job = await new EvaluationProcessor({ session }).run({
 *     model: "model.tar.gz",
 *     images: "data/test",
 *     annotations: "data/manifest/test.csv",
 *     arguments: ["--recipe", "mobilenet_v2"],
 *   });
 *   await job.wait({ logs: true });
 *   const { evaluation, uri } = await job.report();
 *   process.stdout.write(`${evaluation.multiclass_classification_metrics.accuracy.value}, ${uri}/report.html\n`);
 * }
 * ```
 */
export class EvaluationProcessor {
  readonly #options: EvaluationProcessorOptions;

  constructor(options: EvaluationProcessorOptions = {}) {
    this.#options = options;
  }

  async run(args: EvaluationRunArgs): Promise<ProcessingJob> {
    const { imageUri = EVALUATOR_IMAGE } = this.#options;
    const options = { ...this.#options, baseJobName: this.#options.baseJobName ?? "evaluation" };
    const given = await Promise.all([
      placed("model", args.model, { flag: "--model", folder: CONTAINER_PATHS.model }),
      placed("images", args.images, {
        flag: "--images",
        folder: CONTAINER_PATHS.testImages,
        distributionType: args.imagesDistributionType,
      }),
      placed("manifest", args.annotations, { flag: "--annotations", folder: CONTAINER_PATHS.manifest }),
      placed("labels", args.labels, {
        flag: "--labels",
        folder: posix.join(CONTAINER_PATHS.input, "labels"),
      }),
      placed("recipe", args.recipeFile, {
        flag: "--recipe-file",
        folder: posix.join(CONTAINER_PATHS.input, "recipe"),
      }),
    ]);
    return await startJob(beginRun(options, imageUri, args.jobName), options, {
      ...args,
      inputs: given.flatMap(({ inputs }) => inputs),
      outputs: [
        {
          outputName: "evaluation",
          source: CONTAINER_PATHS.evaluation,
          ...(args.destination === undefined ? {} : { destination: args.destination }),
        },
      ],
      arguments: [
        ...given.flatMap(({ words }) => words),
        ...["--output", CONTAINER_PATHS.evaluation],
        ...(args.arguments ?? []),
      ],
    });
  }
}

/** An input of the job, and the words of the command that name it. */
async function placed(
  inputName: string,
  source: string | undefined,
  {
    flag,
    folder,
    distributionType,
  }: {
    readonly flag: string;
    readonly folder: string;
    readonly distributionType?: EvaluationRunArgs["imagesDistributionType"] | undefined;
  },
): Promise<{ readonly inputs: readonly ProcessingInput[]; readonly words: readonly string[] }> {
  if (source === undefined) return { inputs: [], words: [] };
  const path = (await isFile(source)) ? posix.join(folder, basename(source)) : folder;
  const distribution = distributionType === undefined ? {} : { s3DataDistributionType: distributionType };
  return { inputs: [{ inputName, source, destination: folder, ...distribution }], words: [flag, path] };
}

/** In S3 the name tells: a key with an extension of a file that the evaluator reads is a file. */
async function isFile(source: string): Promise<boolean> {
  if (isS3Uri(source)) return /\.(tar\.gz|tgz|csv|json|txt)$/i.test(source);
  return (await localTree(localPath(source))).kind === "file";
}
