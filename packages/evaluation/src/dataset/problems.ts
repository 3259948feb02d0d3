import { type ErrorCode, FieldmarkError } from "@fieldmark/contract";

const SHOWN = 20;

/** Collects what is wrong with the rows of one file, so that all of it is reported together. */
export class Problems {
  readonly #file: string;
  readonly #code: ErrorCode;
  readonly #lines: string[] = [];

  /**
   * @param file the name that people know the rows' file by
   * @param code of the error that `throwIfAny` throws
   */
  constructor(file: string, code: ErrorCode = "DATASET_INVALID") {
    this.#file = file;
    this.#code = code;
  }

  /** @param row line number in the file, 1-based; null for a problem of the file as a whole */
  add(row: number | null, text: string): void {
    this.#lines.push(row === null ? text : `row ${row}: ${text}`);
  }

  /** @throws DATASET_INVALID, or the code of the constructor, with every problem, when there is one */
  throwIfAny(): void {
    if (this.#lines.length === 0) return;
    const shown = this.#lines.slice(0, SHOWN);
    const rest = this.#lines.length - shown.length;
    const more = rest > 0 ? `\n  … and ${rest} more` : "";
    const count = this.#lines.length === 1 ? "1 problem" : `${this.#lines.length} problems`;
    throw new FieldmarkError(this.#code, `${this.#file}: ${count}\n  ${shown.join("\n  ")}${more}`, {
      file: this.#file,
      problems: this.#lines,
    });
  }
}
