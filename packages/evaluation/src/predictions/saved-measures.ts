import { FieldmarkError } from "@fieldmark/contract";
import { parsePreprocessing } from "@fieldmark/imaging";
import { isFile, readTextFile } from "../dataset/text-file.ts";
import type { RecipeCheck } from "../pipeline/recipe-check.ts";
import type { Provenance } from "../report/provenance.ts";
import type { Failure } from "./collected.ts";

/** What a measures.json says that cannot be computed from the predictions beside it. */
export interface SavedMeasures {
  readonly classNames: readonly string[];
  readonly failures: readonly Failure[];
  readonly recipeCheck: RecipeCheck | null;
  readonly model: Provenance["model"];
  readonly preprocessing: Provenance["preprocessing"];
}

/**
 * Reads a measures.json of ours; null when there is none, or it is another tool's.
 * @throws JSON_INVALID naming the place
 */
export async function readSavedMeasures(file: string): Promise<SavedMeasures | null> {
  if (!(await isFile(file))) return null;
  const text = await readTextFile(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${file}: ${String(cause)}`, { file }, cause);
  }
  if (typeof value !== "object" || value === null || !("schemaVersion" in value)) return null;
  const root = new Json(file, "", value);
  if (root.number("schemaVersion") !== 1) root.refuse("schemaVersion", "1");
  const provenance = root.object("provenance");
  return {
    classNames: root.list("perClass").map((one) => one.text("name")),
    failures: root.list("failures").map((one) => ({
      imageFileName: one.text("imageFileName"),
      label: one.number("label"),
      code: one.text("code"),
      message: one.text("message"),
    })),
    recipeCheck: root.objectOrNull("recipeCheck", recipeCheckOf),
    model: provenance.objectOrNull("model", modelOf),
    preprocessing: provenance.objectOrNull("preprocessing", (fields) => ({
      recipe: parsePreprocessing(fields.value("recipe"), file),
      chosenBy: fields.text("chosenBy"),
      notes: fields.texts("notes"),
    })),
  };
}

function recipeCheckOf(fields: Json): RecipeCheck {
  const result = (one: Json) => ({ recipe: one.text("recipe"), accuracy: one.number("accuracy") });
  return {
    ...result(fields),
    examples: fields.number("examples"),
    others: fields.list("others").map(result),
    better: fields.objectOrNull("better", result),
  };
}

function modelOf(fields: Json): Provenance["model"] {
  const output = fields.object("output");
  const kinds = ["probabilities", "logits", "sigmoid", "sigmoid-logit"] as const;
  const kind = kinds.find((one) => one === output.text("kind"));
  return {
    path: fields.text("path"),
    format: fields.text("format"),
    producer: fields.text("producer"),
    digest: fields.text("digest"),
    signature: fields.text("signature"),
    output: {
      name: output.text("name"),
      kind: kind ?? output.refuse("kind", `one of ${kinds.join(", ")}`),
      reason: output.text("reason"),
      classes: output.number("classes"),
    },
    parameters: fields.number("parameters"),
  };
}

/** One JSON object, read field by field. */
class Json {
  readonly #file: string;
  readonly #path: string;
  readonly #fields: object;

  constructor(file: string, path: string, fields: object) {
    this.#file = file;
    this.#path = path;
    this.#fields = fields;
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

  number(field: string): number {
    const value = this.value(field);
    return typeof value === "number" ? value : this.refuse(field, "a number");
  }

  object(field: string): Json {
    const value = this.value(field);
    return typeof value === "object" && value !== null
      ? new Json(this.#file, `${this.#path}${field}.`, value)
      : this.refuse(field, "an object");
  }

  objectOrNull<T>(field: string, read: (fields: Json) => T): T | null {
    return this.value(field) === null ? null : read(this.object(field));
  }

  list(field: string): readonly Json[] {
    const value = this.value(field);
    if (!Array.isArray(value)) return this.refuse(field, "a list");
    return value.map((one: unknown, index) =>
      typeof one === "object" && one !== null
        ? new Json(this.#file, `${this.#path}${field}[${index}].`, one)
        : this.refuse(`${field}[${index}]`, "an object"),
    );
  }

  refuse(field: string, expected: string): never {
    throw new FieldmarkError(
      "JSON_INVALID",
      `${this.#file}: ${this.#path}${field} is not ${expected}, as in the measures.json of an evaluation`,
      { file: this.#file },
    );
  }
}
