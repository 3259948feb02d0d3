import { readFile } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";

/** A JSON object whose members are looked at one by one, so that an error names the file and the member. */
export class ConfigFile {
  readonly #path: string;
  readonly #at: string;
  readonly #members: Readonly<Record<string, unknown>>;

  /** @param at the object's place in the file; "" for the whole */
  private constructor(path: string, at: string, value: unknown) {
    this.#path = path;
    this.#at = at;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw invalid(path, at === "" ? "the file" : at, "an object", value);
    this.#members = value as Record<string, unknown>;
  }

  /** @throws NOT_IN_A_JOB when there is no such file; JSON_INVALID */
  static async read(path: string): Promise<ConfigFile> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (cause) {
      throw new FieldmarkError(
        "NOT_IN_A_JOB",
        `${path} cannot be read, which every processing job has: this program runs outside a job`,
        { path },
        cause,
      );
    }
    try {
      return new ConfigFile(path, "", JSON.parse(text));
    } catch (cause) {
      if (cause instanceof FieldmarkError) throw cause;
      throw new FieldmarkError("JSON_INVALID", `${path}: ${String(cause)}`, { path }, cause);
    }
  }

  /** Absent and null are the same: SageMaker writes both. */
  optionalText(name: string): string | null {
    const value = this.#member(name);
    if (value === null || typeof value === "string") return value;
    throw invalid(this.#path, this.#place(name), "text", value);
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === null) throw invalid(this.#path, this.#place(name), "text", undefined);
    return value;
  }

  flag(name: string): boolean {
    return this.#member(name) === true;
  }

  object(name: string): ConfigFile | null {
    const value = this.#member(name);
    return value === null ? null : new ConfigFile(this.#path, this.#place(name), value);
  }

  objects(name: string): readonly ConfigFile[] {
    return this.#list(name).map(
      (value, i) => new ConfigFile(this.#path, `${this.#place(name)}[${i}]`, value),
    );
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((value, i) => {
      if (typeof value === "string") return value;
      throw invalid(this.#path, `${this.#place(name)}[${i}]`, "text", value);
    });
  }

  /** An object of texts; empty when absent. */
  textMap(name: string): Readonly<Record<string, string>> {
    const map = this.object(name);
    if (map === null) return {};
    return Object.fromEntries(Object.keys(map.#members).map((key) => [key, map.text(key)]));
  }

  #member(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? null) : null;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#member(name) ?? [];
    if (Array.isArray(value)) return value;
    throw invalid(this.#path, this.#place(name), "a list", value);
  }

  #place(name: string): string {
    return this.#at === "" ? name : `${this.#at}.${name}`;
  }
}

function invalid(path: string, place: string, expected: string, found: unknown): FieldmarkError {
  const what = found === undefined ? "nothing" : JSON.stringify(found).slice(0, 80);
  return new FieldmarkError("JSON_INVALID", `${path}: ${place} is ${what}, expected ${expected}`, { path });
}
