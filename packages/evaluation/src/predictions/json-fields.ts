import { FieldmarkError } from "@fieldmark/contract";

/** What errors say of the JSON. */
export interface JsonSource {
  /** The name that people know it by. */
  readonly file: string;
  /** What it should be: "the measures.json of an evaluation". */
  readonly wanted: string;
}

/** One JSON object that others wrote, read field by field. */
export class JsonFields {
  readonly #fields: object;
  readonly #source: JsonSource;
  readonly #path: string;

  /** @param path of the object in the file, with a dot at its end */
  constructor(fields: object, source: JsonSource, path = "") {
    this.#fields = fields;
    this.#source = source;
    this.#path = path;
  }

  value(field: string): unknown {
    return Object.hasOwn(this.#fields, field)
      ? (this.#fields as Record<string, unknown>)[field]
      : this.refuse(field, "a value");
  }

  text(field: string): string {
    const value = this.value(field);
    return typeof value === "string" ? value : this.refuse(field, "a text");
  }

  texts(field: string): readonly string[] {
    const value = this.value(field);
    return Array.isArray(value) && value.every((one) => typeof one === "string")
      ? value
      : this.refuse(field, "a list of texts");
  }

  booleans(field: string): readonly boolean[] {
    const value = this.value(field);
    return Array.isArray(value) && value.every((one) => typeof one === "boolean")
      ? value
      : this.refuse(field, "a list of true and false");
  }

  /** Whole numbers from `low` to `high`. */
  integers(field: string, low: number, high: number): readonly number[] {
    const value = this.value(field);
    return Array.isArray(value) && value.every((one) => Number.isInteger(one) && one >= low && one <= high)
      ? value
      : this.refuse(field, `a list of whole numbers from ${low} to ${high}`);
  }

  /** All its fields, each a text. */
  allTexts(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#fields).map((field) => [field, this.text(field)]));
  }

  number(field: string): number {
    const value = this.value(field);
    return typeof value === "number" ? value : this.refuse(field, "a number");
  }

  /** A whole number from `low` to `high`. */
  integer(field: string, low: number, high: number): number {
    const value = this.number(field);
    return Number.isInteger(value) && value >= low && value <= high
      ? value
      : this.refuse(field, `a whole number from ${low} to ${high}`);
  }

  object(field: string): JsonFields {
    const value = this.value(field);
    return typeof value === "object" && value !== null
      ? this.#nested(`${field}.`, value)
      : this.refuse(field, "an object");
  }

  objectOrNull<T>(field: string, read: (fields: JsonFields) => T): T | null {
    return this.value(field) === null ? null : read(this.object(field));
  }

  list(field: string): readonly JsonFields[] {
    const value = this.value(field);
    if (!Array.isArray(value)) return this.refuse(field, "a list");
    return value.map((one: unknown, index) =>
      typeof one === "object" && one !== null
        ? this.#nested(`${field}[${index}].`, one)
        : this.refuse(`${field}[${index}]`, "an object"),
    );
  }

  #nested(path: string, fields: object): JsonFields {
    return new JsonFields(fields, this.#source, `${this.#path}${path}`);
  }

  refuse(field: string, expected: string): never {
    const { file, wanted } = this.#source;
    throw new FieldmarkError(
      "JSON_INVALID",
      `${file}: ${this.#path}${field} is not ${expected}, as in ${wanted}`,
      { file },
    );
  }
}
