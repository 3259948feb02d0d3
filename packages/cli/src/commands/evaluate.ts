import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CONTAINER_PATHS, FieldmarkError } from "@fieldmark/contract";
import {
  type EvaluateOptions,
  type Evaluation,
  type EvaluationEvent,
  evaluate,
  evaluateShare,
  type ShareEnd,
  shareText,
} from "@fieldmark/evaluation";
import { type Preprocessing, RESIZE_FILTERS, RESIZE_FITS } from "@fieldmark/imaging";
import { Command, Option } from "commander";
import { containerPath } from "../container-path.ts";
import { type CliContext, cacheFolder, writeJson, writeLine } from "../context.ts";
import { judgeFailures } from "../failed-pictures.ts";
import { commandLine, each, integer, type Output, outputOptions } from "../flags.ts";
import { type Progress, startProgress } from "../progress.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { SHARE_FLAGS, type ShareFlags, shareNumber, workOf } from "../shares/share-place.ts";
import { appendStepSummary } from "../step-summary.ts";
import { describeResult } from "../summary.ts";
import { Words } from "../words.ts";

interface Flags extends Output, ServiceFlags, ShareFlags {
  readonly asJob?: boolean;
  readonly instances?: number;
  readonly sharded?: boolean;
  readonly model?: string;
  readonly modelFile?: string;
  readonly signature?: string;
  readonly outputName?: string;
  readonly images?: string;
  readonly annotations?: string;
  readonly labels?: string;
  readonly imageColumn?: string;
  readonly labelColumn?: string;
  readonly nameColumn?: string;
  readonly labelForm?: "one-based" | "zero-based" | "name";
  readonly split?: "test" | "train" | "all";
  readonly recipe?: string;
  readonly recipeFile?: string;
  readonly recipeCheck?: "once" | "always" | "never";
  readonly filter?: Preprocessing["resize"]["filter"];
  readonly fit?: Preprocessing["resize"]["fit"];
  readonly shorterSide?: number;
  readonly exifTranspose?: boolean;
  readonly batch?: number;
  readonly threads?: number;
  readonly resume?: boolean;
  readonly allowFailures: number;
}

/** `fieldmark evaluate`: a model, a labelled test set, a report. */
export function evaluateCommand(context: CliContext): Command {
  const command = new Command("evaluate")
    .description("Run a model over a labelled test set; write measures, predictions and a report")
    .option("--model <path>", "SavedModel folder or its archive (model.tar.gz)")
    .option("--model-file <name>", "file in the model folder, as the lab's script takes it")
    .option("--signature <name>", "signature to run (default: serving_default)")
    .option("--output-name <name>", "output that holds the class scores, where there are several")
    .option("--images <folder>", "pictures: with --annotations, as class folders, or a CUB-200-2011 tree")
    .option(
      "--annotations <csv>",
      "CSV with the columns image_file_name, class_id (from 1), class_name; or its folder",
    )
    .option("--labels <file>", "class names in the model's order: one a line, or JSON")
    .option("--image-column <name>", "column of the file names (default: image_file_name)")
    .option("--label-column <name>", "column of the labels (default: class_id)")
    .option("--name-column <name>", "column of the class names (default: class_name)")
    .addOption(
      new Option("--label-form <form>", "how labels are written").choices([
        "one-based",
        "zero-based",
        "name",
      ]),
    )
    .addOption(
      new Option("--split <part>", "part of a CUB-200-2011 tree (default: test)").choices([
        "test",
        "train",
        "all",
      ]),
    )
    .option(
      "--recipe <name>",
      "preprocessing recipe (default: found beside the model, recognised, or mobilenet_v2)",
    )
    .option("--recipe-file <json>", "preprocessing as a JSON file")
    .addOption(
      new Option("--filter <name>", "resize filter (default: bicubic, as Pillow)").choices(RESIZE_FILTERS),
    )
    .addOption(
      new Option("--fit <how>", "how other aspect ratios are fitted (default: stretch)").choices(RESIZE_FITS),
    )
    .option(
      "--shorter-side <n>",
      "with center-crop: pixels of the shorter side before the cut",
      integer(1, 8192),
    )
    .option("--exif-transpose", "turn pictures as their EXIF orientation says")
    .addOption(
      new Option("--recipe-check <when>", "try other recipes on a few pictures").choices([
        "once",
        "always",
        "never",
      ]),
    )
    .option("--batch <n>", "pictures a forward pass (default: 8)", integer(1, 4096))
    .option("--threads <n>", "threads (default: one a processor)", integer(1, 1024))
    .option("--resume", "go on with an interrupted run in --output")
    .option(
      "--share <k/n>",
      "work on one share only and leave it in --output, for report merge: 2/3 (default in a job: its instance's)",
      shareNumber,
    )
    .option(
      "--rest-of <path>",
      "with --share: what these shares (files, or their folder) do not have",
      each,
      [],
    )
    .option(
      "--allow-failures <n>",
      "pictures that may fail to decode before the exit code is 1",
      integer(0, 1e9),
      0,
    );
  outputOptions(command, "fieldmark-evaluation");
  serviceOptions(
    command
      .option("--as-job", "run it as a processing job of a service, and fetch the results")
      .option("--instances <n>", "with --as-job: instances that share the work (default: 1)", integer(1, 100))
      .option("--sharded", "with --as-job: each instance gets a part of the pictures only (ShardedByS3Key)"),
  );
  return command.action(async (flags: Flags) => {
    if (flags.asJob !== true) return await run(context, flags);
    const { evaluateAsJob } = await import("../jobs/evaluate-as-job.ts");
    await evaluateAsJob(context, flags, passedWords(command));
  });
}

/** Flags of `fieldmark evaluate` that the job's inputs and outputs replace, or that are ours here. */
const PLACED_FLAGS: ReadonlySet<string> = new Set([
  ...["asJob", "instances", "sharded", "endpoint", "data", "region", "json", "quiet", "resume"],
  ...["share", "restOf"],
  ...["model", "modelFile", "images", "annotations", "labels", "recipeFile", "output"],
]);

/** The flags as they were typed that the job's own `fieldmark evaluate` gets. */
function passedWords(command: Command): readonly string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    if (PLACED_FLAGS.has(name) || command.getOptionValueSource(name) !== "cli") return [];
    const value: unknown = command.getOptionValue(name);
    return typeof value === "boolean" ? [`${option.long}`] : [`${option.long}`, String(value)];
  });
}

async function run(context: CliContext, flags: Flags): Promise<void> {
  const words = new Words(context, flags);
  const view = new View(context, words, flags);
  const options = { ...optionsOf(context, flags), onEvent: (event: EvaluationEvent) => view.show(event) };
  const { model, dataset } = options;
  const { images, annotations, labels } = dataset;
  const needed = [model, annotations, labels].filter((path) => path !== undefined);
  const { share, isShard } = await workOf(context, flags, { images, needed });
  let end: ShareEnd;
  try {
    end =
      share === null
        ? { kind: "report", evaluation: await evaluate(options) }
        : await evaluateShare({ ...options, dataset: { ...dataset, shard: isShard }, share });
  } finally {
    view.stop();
  }
  if (end.kind === "report") await tellReport(context, words, { flags, evaluation: end.evaluation });
  else tellShare(context, words, { json: flags.json === true, end });
}

async function tellReport(
  context: CliContext,
  words: Words,
  { flags, evaluation }: { readonly flags: Flags; readonly evaluation: Evaluation },
): Promise<void> {
  const result = describeResult(evaluation, context);
  if (flags.json) writeJson(context, { files: evaluation.files, ...evaluation.measures });
  else writeLine(context.stdout, result);
  await appendStepSummary(context, evaluation);
  const { failures } = evaluation.measures;
  judgeFailures(context, words, { failures, allowed: flags.allowFailures });
}

/** An instance whose share is another's to report. Its failed pictures count there, beside those of all shares. */
function tellShare(
  context: CliContext,
  words: Words,
  { json, end }: { readonly json: boolean; readonly end: Exclude<ShareEnd, { kind: "report" }> },
): void {
  const { share } = end;
  const facts = { share: shareText(share), pictures: share.rows.length, failures: share.failures.length };
  if (end.kind === "merged") {
    if (json) writeJson(context, { ...facts, mergedBy: end.leader });
    else writeLine(context.stdout, `Share ${facts.share} is in the report of ${end.leader}`);
    return;
  }
  if (end.reason !== null) words.warn(`share ${facts.share} could not be merged here: ${end.reason}`);
  if (json) writeJson(context, { ...facts, file: end.file });
  else
    writeLine(
      context.stdout,
      `Share ${facts.share}  ${end.file}\nfieldmark report merge makes one report of all shares`,
    );
}

function optionsOf(context: CliContext, flags: Flags): EvaluateOptions {
  const { model, images, annotations, output } = placesOf(context, flags);
  const folder = cacheFolder(context);
  const set = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  return {
    model,
    output,
    dataset: {
      images,
      ...set("annotations", annotations),
      ...set("labels", flags.labels === undefined ? undefined : resolve(context.cwd, flags.labels)),
      ...set("imageColumn", flags.imageColumn),
      ...set("labelColumn", flags.labelColumn),
      ...set("nameColumn", flags.nameColumn),
      ...set("labelForm", flags.labelForm),
      ...set("split", flags.split),
    },
    preprocessing: {
      ...set("recipe", flags.recipe),
      ...set(
        "recipeFile",
        flags.recipeFile === undefined ? undefined : resolve(context.cwd, flags.recipeFile),
      ),
      resize: {
        ...set("filter", flags.filter),
        ...set("fit", flags.fit),
        ...set("shorterSide", flags.shorterSide),
      },
      ...set("exifOrientation", flags.exifTranspose ? ("transpose" as const) : undefined),
    },
    ...set("signature", flags.signature),
    ...set("outputName", flags.outputName),
    ...set("batch", flags.batch),
    ...set("threads", flags.threads),
    ...set("resume", flags.resume),
    ...set("recipeCheck", flags.recipeCheck),
    ...set("profile", flags.profile),
    ...set("seed", flags.seed),
    ...set("times", flags.times),
    ...set("cacheFolder", folder),
    command: commandLine(context, SHARE_FLAGS),
    signal: context.signal,
  };
}

/** Where things are: as the flags say, or the lab's paths inside a processing container. */
function placesOf(context: CliContext, flags: Flags) {
  const at = (path: string) => resolve(context.cwd, path);
  const inside = (path: string) => containerPath(context, path);
  const container =
    existsSync(inside(CONTAINER_PATHS.model)) || existsSync(inside(CONTAINER_PATHS.testImages));
  const modelFolder =
    flags.model === undefined ? (container ? inside(CONTAINER_PATHS.model) : undefined) : at(flags.model);
  const images =
    flags.images === undefined
      ? container
        ? inside(CONTAINER_PATHS.testImages)
        : undefined
      : at(flags.images);
  const missing = [modelFolder === undefined ? "--model" : "", images === undefined ? "--images" : ""].filter(
    Boolean,
  );
  if (modelFolder === undefined || images === undefined) {
    throw new FieldmarkError(
      "USAGE",
      `${missing.join(" and ")} missing (only inside a processing container are there defaults, under /opt/ml/processing)`,
    );
  }
  const file = flags.modelFile ?? (flags.model === undefined ? "model.tar.gz" : undefined);
  const manifest = container && flags.images === undefined ? inside(CONTAINER_PATHS.manifest) : undefined;
  return {
    model: file === undefined ? modelFolder : join(modelFolder, file),
    images,
    annotations: flags.annotations === undefined ? manifest : at(flags.annotations),
    output:
      container && flags.output === undefined
        ? inside(CONTAINER_PATHS.evaluation)
        : at(flags.output ?? "fieldmark-evaluation"),
  };
}

/** Tells what happens while it happens: notes, warnings, the bar. */
class View {
  readonly #context: CliContext;
  readonly #words: Words;
  readonly #quiet: boolean;
  #progress: Progress | null = null;

  constructor(context: CliContext, words: Words, flags: Flags) {
    this.#context = context;
    this.#words = words;
    this.#quiet = flags.quiet === true;
  }

  show(event: EvaluationEvent): void {
    if (event.kind === "progress") this.#move(event.done, event.total);
    else if (event.kind === "measured") this.stop();
    else this.#words.event(event);
  }

  #move(done: number, total: number): void {
    this.#progress ??= startProgress(this.#context, {
      title: "Evaluating",
      total,
      unit: "pictures",
      quiet: this.#quiet,
    });
    this.#progress.update(done);
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = null;
  }
}
