import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";
import type { Example } from "../dataset/dataset.ts";
import { isFile, readTextFile, reason } from "../dataset/text-file.ts";
import { writeJsonFile } from "../files.ts";
import type { CollectedPredictions } from "./collected.ts";
import { scoresOf } from "./predictions.ts";
import { csvHeader, csvRow } from "./predictions-csv.ts";
import { readPredictions } from "./read-predictions.ts";

/** What a run is about; another run's rows are not mixed in. */
export interface RunIdentity {
  readonly modelDigest: string;
  readonly outputName: string;
  readonly preprocessing: Preprocessing;
  readonly annotationsDigest: string;
}

/** What an interrupted run's rows are matched with, and where they go. */
export interface Resumed {
  readonly examples: readonly Example[];
  readonly classNames: readonly string[];
  readonly collected: CollectedPredictions;
}

const QUOTE = 0x22;
const LINE_END = 0x0a;
const ROWS = "predictions.partial.csv";
const IDENTITY = "predictions.partial.json";

/** Whole rows of predictions on disk while a run goes on, so that an interrupted one can be resumed. */
export class PartialFile implements AsyncDisposable {
  readonly #folder: string;
  readonly #rows: FileHandle;

  private constructor(folder: string, rows: FileHandle) {
    this.#folder = folder;
    this.#rows = rows;
  }

  /** Starts anew; what an earlier interrupted run left there is gone. */
  static async create(folder: string, identity: RunIdentity, classes: number): Promise<PartialFile> {
    try {
      await mkdir(folder, { recursive: true });
      await rm(join(folder, ROWS), { force: true });
      await writeJsonFile(join(folder, IDENTITY), identity);
      const rows = await open(join(folder, ROWS), "a");
      await rows.appendFile(`${csvHeader(classes)}\n`);
      return new PartialFile(folder, rows);
    } catch (cause) {
      if (cause instanceof FieldmarkError) throw cause;
      throw new FieldmarkError("DISK", `${folder}: cannot be written: ${reason(cause)}`, { folder }, cause);
    }
  }

  /**
   * Goes on with an interrupted run: its rows are added to `collected`.
   * @throws RESUME_MISMATCH when there is none, or it was of another model, recipe or dataset
   */
  static async resume(
    folder: string,
    identity: RunIdentity,
    { examples, collected, classNames }: Resumed,
  ): Promise<PartialFile> {
    await checkIdentity(folder, identity);
    const path = join(folder, ROWS);
    await dropTornRow(path, csvHeader(classNames.length));
    const { predictions: done } = await readPredictions(path, { classNames });
    const rowOf = new Map(examples.map((example, row) => [example.imageFileName, row]));
    for (const [index, imageFileName] of done.imageFileNames.entries()) {
      const row = rowOf.get(imageFileName);
      const example = examples[row ?? -1];
      const sha256 = done.sha256[index] ?? "";
      if (row === undefined || example === undefined || (await digestOf(example.path)) !== sha256) {
        throw new FieldmarkError(
          "RESUME_MISMATCH",
          `${path}: ${imageFileName} is not the same picture any more`,
        );
      }
      collected.add({
        rows: [row],
        sha256: [sha256],
        probabilities: scoresOf(done, index),
        millisecondsPerImage: done.milliseconds[index] ?? Number.NaN,
      });
    }
    return new PartialFile(folder, await open(path, "a"));
  }

  /**
   * Appends the rows of one batch, whole.
   * @throws DISK
   */
  async append(collected: CollectedPredictions, rows: readonly number[]): Promise<void> {
    const predictions = collected.predictions(rows);
    const text = predictions.imageFileNames.map((_, row) => `${csvRow(predictions, row)}\n`).join("");
    try {
      await this.#rows.appendFile(text);
    } catch (cause) {
      throw new FieldmarkError(
        "DISK",
        `${join(this.#folder, ROWS)}: cannot be written: ${reason(cause)}`,
        { folder: this.#folder },
        cause,
      );
    }
  }

  /** Removes the partial files: the run is complete and written. */
  async remove(): Promise<void> {
    await rm(join(this.#folder, ROWS), { force: true });
    await rm(join(this.#folder, IDENTITY), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows.close();
  }
}

async function checkIdentity(folder: string, identity: RunIdentity): Promise<void> {
  const path = join(folder, IDENTITY);
  if (!(await isFile(path)) || !(await isFile(join(folder, ROWS)))) {
    throw new FieldmarkError("RESUME_MISMATCH", `${folder}: no interrupted run to resume (no ${ROWS})`);
  }
  let found: unknown;
  try {
    found = JSON.parse(await readTextFile(path));
  } catch (cause) {
    throw new FieldmarkError("RESUME_MISMATCH", `${path}: ${String(cause)}`, { file: path }, cause);
  }
  const said = {
    modelDigest: "model",
    outputName: "output",
    preprocessing: "recipe",
    annotationsDigest: "dataset",
  };
  for (const [key, word] of Object.entries(said)) {
    const before = JSON.stringify((found as Record<string, unknown> | null)?.[key] ?? null);
    if (before !== JSON.stringify(identity[key as keyof RunIdentity])) {
      throw new FieldmarkError("RESUME_MISMATCH", `${path}: the interrupted run had another ${word}`, {
        file: path,
      });
    }
  }
}

/** A row that a kill cut short is dropped: the file ends after its last line end, and begins with its header. */
async function dropTornRow(path: string, header: string): Promise<void> {
  const bytes = await readFile(path);
  const end = endOfLastRow(bytes);
  if (end === 0) await writeFile(path, `${header}\n`);
  else if (end < bytes.length) await truncate(path, end);
}

/** Bytes up to the last line end that stands outside quotes: a file name may hold line ends, too. */
function endOfLastRow(bytes: Uint8Array): number {
  let end = 0;
  let quoted = false;
  for (const [at, byte] of bytes.entries()) {
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === LINE_END && !quoted) end = at + 1;
  }
  return end;
}

/** Hex SHA-256 of a file; null when it cannot be read. */
async function digestOf(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch {
    return null; // gone since: not the picture that was evaluated
  }
  return hash.digest("hex");
}
