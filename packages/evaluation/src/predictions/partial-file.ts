import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
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
  /** "1/1" where the evaluation is not shared. */
  readonly share: string;
}

/** What an interrupted run's rows are matched with, and where they go. */
export interface Resumed {
  readonly examples: readonly Example[];
  readonly classNames: readonly string[];
  readonly collected: CollectedPredictions;
}

const QUOTE = 0x22;
const LINE_END = 0x0a;

/** Whole rows of predictions on disk while a run goes on, so that an interrupted one can be resumed. */
export class PartialFile implements AsyncDisposable {
  readonly #name: string;
  readonly #rows: FileHandle;

  private constructor(name: string, rows: FileHandle) {
    this.#name = name;
    this.#rows = rows;
  }

  /**
   * Starts anew; what an earlier interrupted run left there is gone.
   * @param name path of the files without their endings: "evaluation/predictions"
   */
  static async create(name: string, identity: RunIdentity, classes: number): Promise<PartialFile> {
    const folder = dirname(name);
    try {
      await mkdir(folder, { recursive: true });
      await rm(rowsOf(name), { force: true });
      await writeJsonFile(identityOf(name), identity);
      const rows = await open(rowsOf(name), "a");
      await rows.appendFile(`${csvHeader(classes)}\n`);
      return new PartialFile(name, rows);
    } catch (cause) {
      if (cause instanceof FieldmarkError) throw cause;
      throw new FieldmarkError("DISK", `${folder}: cannot be written: ${reason(cause)}`, { folder }, cause);
    }
  }

  /**
   * Goes on with an interrupted run: its rows are added to `collected`.
   * @param name as `create` had it
   * @throws RESUME_MISMATCH when there is none, or it was of another model, recipe or dataset
   */
  static async resume(
    name: string,
    identity: RunIdentity,
    { examples, collected, classNames }: Resumed,
  ): Promise<PartialFile> {
    await checkIdentity(name, identity);
    const path = rowsOf(name);
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
      const milliseconds = done.milliseconds[index] ?? Number.NaN;
      collected.set(row, { sha256, scores: scoresOf(done, index), milliseconds });
    }
    return new PartialFile(name, await open(path, "a"));
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
        `${rowsOf(this.#name)}: cannot be written: ${reason(cause)}`,
        { file: rowsOf(this.#name) },
        cause,
      );
    }
  }

  /** Removes the partial files: the run is complete and written. */
  async remove(): Promise<void> {
    await rm(rowsOf(this.#name), { force: true });
    await rm(identityOf(this.#name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows.close();
  }
}

const rowsOf = (name: string) => `${name}.partial.csv`;
const identityOf = (name: string) => `${name}.partial.json`;

async function checkIdentity(name: string, identity: RunIdentity): Promise<void> {
  const path = identityOf(name);
  if (!(await isFile(path)) || !(await isFile(rowsOf(name)))) {
    throw new FieldmarkError(
      "RESUME_MISMATCH",
      `${dirname(name)}: no interrupted run to resume (no ${basename(rowsOf(name))})`,
    );
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
    share: "share",
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
