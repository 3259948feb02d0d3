import { randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import {
  DEFAULT_RECIPE,
  describePreprocessing,
  type InputSize,
  MAX_INPUT_SIDE,
  overridePreprocessing,
  type Preprocessing,
  parsePreprocessing,
  preprocessFiles,
  preprocessing,
  RECIPE_NAMES,
  RESIZE_FILTERS,
  RESIZE_FITS,
  summarisePreprocessing,
} from "@fieldmark/imaging";
import { formatNpyHeader } from "@fieldmark/model";
import { Command, InvalidArgumentError, Option } from "commander";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { integer } from "../flags.ts";
import { startProgress } from "../progress.ts";
import { Words } from "../words.ts";

interface Flags {
  readonly recipe?: string;
  readonly recipeFile?: string;
  readonly size?: InputSize;
  readonly filter?: Preprocessing["resize"]["filter"];
  readonly fit?: Preprocessing["resize"]["fit"];
  readonly shorterSide?: number;
  readonly exifTranspose?: boolean;
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The lab's input. */
const DEFAULT_SIZE = { height: 224, width: 224 };

/** `fieldmark preprocess`: pictures become the tensor that a recipe makes of them. */
export function preprocessCommand(context: CliContext): Command {
  return new Command("preprocess")
    .description(
      "Turn pictures into float32 [images, height, width, 3], in the order of the arguments (.npy)",
    )
    .argument("<image...>", "JPEG, PNG, GIF, WebP, BMP or TIFF files")
    .requiredOption("--out <file>", "the .npy file to write")
    .addOption(
      new Option("--recipe <name>", `scaling and channels (default: ${DEFAULT_RECIPE})`).choices(
        RECIPE_NAMES,
      ),
    )
    .addOption(new Option("--recipe-file <json>", "preprocessing as a JSON file").conflicts("recipe"))
    .option("--size <size>", "pixels of the result: N or HxW (default: 224)", inputSize)
    .addOption(new Option("--filter <name>", "resize filter (default: bicubic)").choices(RESIZE_FILTERS))
    .addOption(
      new Option("--fit <how>", "what becomes of the aspect ratio (default: stretch)").choices(RESIZE_FITS),
    )
    .option(
      "--shorter-side <n>",
      "with --fit center-crop: pixels of the shorter side before the crop",
      integer(1, MAX_INPUT_SIDE),
    )
    .option("--exif-transpose", "turn pictures as their EXIF orientation says")
    .option("--json", "print shape, preprocessing and warnings as JSON on stdout")
    .option("--quiet", "no progress and no notes")
    .action(async (images: readonly string[], flags: Flags) => await run(context, images, flags));
}

async function run(context: CliContext, images: readonly string[], flags: Flags): Promise<void> {
  const words = new Words(context, flags);
  const paths = images.map((image) => resolve(context.cwd, image));
  const out = resolve(context.cwd, flags.out);
  if (paths.includes(out)) {
    throw new FieldmarkError("USAGE", `--out ${flags.out} is one of the pictures and would replace it`);
  }
  const recipe = await recipeOf(context, flags);
  words.note("preprocessing", summarisePreprocessing(recipe));
  for (const note of describePreprocessing(recipe)) words.note("", note);

  const shape = [paths.length, recipe.size.height, recipe.size.width, 3];
  const warnings: string[] = [];
  const progress = startProgress(context, {
    title: "Preprocessing",
    total: paths.length,
    unit: "pictures",
    ...(flags.quiet === undefined ? {} : { quiet: flags.quiet }),
  });
  try {
    await writeWhole(out, async (write) => {
      let done = 0;
      await write(formatNpyHeader({ descr: "<f4", fortranOrder: false, shape }));
      for await (const picture of preprocessFiles(paths, recipe, { signal: context.signal })) {
        warnings.push(...picture.warnings);
        const { buffer, byteOffset, byteLength } = picture.pixels;
        await write(new Uint8Array(buffer, byteOffset, byteLength));
        progress.update(++done);
      }
    });
  } finally {
    progress.stop();
  }
  for (const warning of warnings) words.warn(warning);
  if (flags.json === true) writeJson(context, { out, shape, preprocessing: recipe, warnings });
  else writeLine(context.stdout, `${flags.out}: float32 [${shape.join(", ")}]`);
}

async function recipeOf({ cwd }: CliContext, flags: Flags): Promise<Preprocessing> {
  const { filter, fit, shorterSide, exifTranspose } = flags;
  const given =
    flags.recipeFile === undefined
      ? preprocessing(flags.recipe ?? DEFAULT_RECIPE, flags.size ?? DEFAULT_SIZE)
      : await recipeFrom(resolve(cwd, flags.recipeFile), flags.size);
  return overridePreprocessing(given, {
    resize: {
      ...(filter === undefined ? {} : { filter }),
      ...(fit === undefined ? {} : { fit }),
      ...(shorterSide === undefined ? {} : { shorterSide }),
    },
    ...(exifTranspose === true ? { exifOrientation: "transpose" } : {}),
  });
}

async function recipeFrom(path: string, size: InputSize | undefined): Promise<Preprocessing> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const code = cause instanceof SyntaxError ? "JSON_INVALID" : "FILE_UNREADABLE";
    throw new FieldmarkError(code, `${path}: ${messageOf(cause)}`, { file: path }, cause);
  }
  const recipe = parsePreprocessing(json, path, size ?? DEFAULT_SIZE);
  return size === undefined ? recipe : { ...recipe, size };
}

/** Writes a file piece by piece; it appears under its name when it is complete, or not at all. */
async function writeWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await onDisk(path, open(temporary, "wx"));
    try {
      await fill((bytes) => onDisk(path, writeAll(file, bytes)));
      await onDisk(path, file.sync());
    } finally {
      await file.close();
    }
    await onDisk(path, rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new FieldmarkError(
      "DISK",
      `${path}: cannot be written: ${messageOf(cause)}`,
      { file: path },
      cause,
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function inputSize(text: string): InputSize {
  const [, height, width = height] = /^(\d{1,5})(?:[x×](\d{1,5}))?$/.exec(text) ?? [];
  const size = { height: Number(height), width: Number(width) };
  const right = (side: number) => side >= 1 && side <= MAX_INPUT_SIDE;
  if (right(size.height) && right(size.width)) return size;
  throw new InvalidArgumentError(`Expected N or HxW (height x width), each from 1 to ${MAX_INPUT_SIDE}.`);
}
