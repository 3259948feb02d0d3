import { FieldmarkError } from "@fieldmark/contract";
import { Problems } from "../dataset/problems.ts";
import { type Predictions, withPredicted } from "./predictions.ts";

/** Names of the column of file names that are understood, ours first. */
const IMAGE_COLUMNS = ["image_file_name", "image", "file_name", "filename", "file", "path"];
/** Probabilities of one row may sum to 1 within rounding; a single one may not be larger than this. */
const LARGEST_PROBABILITY = 1.0001;
/** An integer or a decimal as pandas and we write it: no hexadecimal, no "Infinity". */
const DECIMAL = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;
const SHA256 = /^[\da-f]{64}$/i;

/** Places of the columns of predictions in a row; null for one that the file does not have. */
interface Columns {
  readonly image: number;
  readonly sha256: number | null;
  readonly label: number | null;
  readonly milliseconds: number | null;
  /** [classes] */
  readonly probabilities: readonly number[];
}

/** Names for the classes, and the labels that replace the file's. */
export interface Naming {
  readonly classNames: readonly string[];
  /** 0-based labels by image file name */
  readonly labels: ReadonlyMap<string, number>;
}

/** Collects rows of saved predictions, whatever file they come from: one float32 matrix, problems told together. */
export class SavedRows {
  readonly #columns: Columns;
  readonly #problems: Problems;
  readonly #rows: number[] = [];
  readonly #imageFileNames: string[] = [];
  readonly #sha256: string[] = [];
  readonly #labels: unknown[] = [];
  readonly #milliseconds: number[] = [];
  #probabilities = new Float32Array(1024);

  /**
   * @param file the name that people know it by
   * @throws PREDICTIONS_INVALID when a needed column is absent or a column is there twice
   */
  constructor(file: string, header: readonly string[]) {
    this.#columns = findColumns(file, header);
    this.#problems = new Problems(file, "PREDICTIONS_INVALID");
  }

  /** Probability columns. */
  get classes(): number {
    return this.#columns.probabilities.length;
  }

  /** Places of the columns that `add` asks for. */
  get wanted(): readonly number[] {
    const { image, sha256, label, milliseconds, probabilities } = this.#columns;
    return [image, sha256, label, milliseconds, ...probabilities].filter((place) => place !== null);
  }

  /**
   * @param row  number of the row in its file, for messages
   * @param cell value in the column at a place of the header
   */
  add(row: number, cell: (place: number) => unknown): void {
    const { image, sha256, label, milliseconds, probabilities } = this.#columns;
    const complain = (column: string, found: unknown, expected: string) =>
      this.#problems.add(row, `${column} is ${shown(found)}, expected ${expected}`);

    const name = cell(image);
    if (typeof name !== "string" || name === "") complain("the file name", name, "a text");
    const digest = (sha256 === null ? null : cell(sha256)) ?? "";
    if (digest !== "" && !(typeof digest === "string" && SHA256.test(digest)))
      complain("sha256", digest, "64 hexadecimal digits");

    const start = this.#rows.length * probabilities.length;
    this.#reserve(start + probabilities.length);
    for (const [index, place] of probabilities.entries()) {
      const value = toNumber(cell(place));
      if (!(value >= 0 && value <= LARGEST_PROBABILITY)) {
        complain(`p${index}`, cell(place), "a probability from 0 to 1");
        break;
      }
      this.#probabilities[start + index] = value;
    }
    const time = toNumber(milliseconds === null ? null : cell(milliseconds));
    this.#rows.push(row);
    this.#imageFileNames.push(String(name));
    this.#sha256.push(String(digest));
    this.#labels.push(label === null ? null : cell(label));
    this.#milliseconds.push(time >= 0 && time < Number.POSITIVE_INFINITY ? time : Number.NaN);
  }

  /** @throws PREDICTIONS_INVALID naming every bad row and its column */
  finish({ classNames, labels }: Naming): Predictions {
    const rows = this.#rows.length;
    const checked = new Int32Array(rows);
    const firstRow = new Map<string, number>();
    for (const [index, name] of this.#imageFileNames.entries()) {
      const row = this.#rows[index] ?? 0;
      const found = this.#labels[index];
      const label = labels.get(name) ?? toNumber(found);
      if (!(Number.isInteger(label) && label >= 0 && label < classNames.length))
        this.#problems.add(
          row,
          `label is ${shown(found)}, expected an integer from 0 to ${classNames.length - 1}`,
        );
      checked[index] = label;
      const first = firstRow.get(name);
      if (first === undefined) firstRow.set(name, row);
      else this.#problems.add(row, `${name} is doubled: row ${first} names it already`);
    }
    this.#problems.throwIfAny();
    return withPredicted({
      classNames,
      imageFileNames: this.#imageFileNames,
      sha256: this.#sha256,
      labels: checked,
      probabilities: {
        rows,
        columns: this.classes,
        data: this.#probabilities.slice(0, rows * this.classes),
      },
      milliseconds: Float64Array.from(this.#milliseconds),
    });
  }

  #reserve(values: number): void {
    if (values <= this.#probabilities.length) return;
    const larger = new Float32Array(Math.max(values, this.#probabilities.length * 2));
    larger.set(this.#probabilities);
    this.#probabilities = larger;
  }
}

function findColumns(file: string, header: readonly string[]): Columns {
  const placeOf = new Map<string, number>();
  header.forEach((name, place) => {
    if (placeOf.has(name)) {
      throw new FieldmarkError("PREDICTIONS_INVALID", `${file}: the column "${name}" is there twice`, {
        file,
      });
    }
    placeOf.set(name, place);
  });
  const probabilities: number[] = [];
  for (let place = placeOf.get("p0"); place !== undefined; place = placeOf.get(`p${probabilities.length}`))
    probabilities.push(place);
  const has = `the columns are: ${header.slice(0, 12).join(", ")}${header.length > 12 ? ", …" : ""}`;
  if (probabilities.length < 2) {
    throw new FieldmarkError("PREDICTIONS_INVALID", `${file}: no probability columns p0, p1, …; ${has}`, {
      file,
    });
  }
  const image = IMAGE_COLUMNS.map((name) => placeOf.get(name)).find((place) => place !== undefined);
  if (image === undefined) {
    throw new FieldmarkError(
      "PREDICTIONS_INVALID",
      `${file}: no column image_file_name (or ${IMAGE_COLUMNS.slice(1).join(", ")}); ${has}`,
      { file },
    );
  }
  const optional = (name: string) => placeOf.get(name) ?? null;
  return {
    image,
    sha256: optional("sha256"),
    label: optional("label"),
    milliseconds: optional("milliseconds"),
    probabilities,
  };
}

/** NaN for anything that is no plain number. */
function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : Number.NaN;
}

/** A cell as a message shows it. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  const text = typeof value === "string" ? value : `a ${typeof value}`;
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
