import { FieldmarkError } from "@fieldmark/contract";
import { parsePreprocessing } from "@fieldmark/imaging";
import { isFile, readTextFile } from "../dataset/text-file.ts";
import type { RecipeCheck } from "../pipeline/recipe-check.ts";
import type { Provenance } from "../report/provenance.ts";
import type { Failure } from "./collected.ts";
import { JsonFields } from "./json-fields.ts";

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
  const root = new JsonFields(value, { file, wanted: "the measures.json of an evaluation" });
  if (root.number("schemaVersion") !== 1) root.refuse("schemaVersion", "1");
  const provenance = root.object("provenance");
  return {
    classNames: root.list("perClass").map((one) => one.text("name")),
    failures: root.list("failures").map(failureOf),
    recipeCheck: root.objectOrNull("recipeCheck", recipeCheckOf),
    model: provenance.objectOrNull("model", modelOf),
    preprocessing: provenance.objectOrNull("preprocessing", (fields) => preprocessingOf(fields, file)),
  };
}

export function failureOf(fields: JsonFields): Failure {
  return {
    imageFileName: fields.text("imageFileName"),
    label: fields.number("label"),
    code: fields.text("code"),
    message: fields.text("message"),
  };
}

/** @param file the name that an error tells */
export function preprocessingOf(fields: JsonFields, file: string): NonNullable<Provenance["preprocessing"]> {
  return {
    recipe: parsePreprocessing(fields.value("recipe"), file),
    chosenBy: fields.text("chosenBy"),
    notes: fields.texts("notes"),
  };
}

function recipeCheckOf(fields: JsonFields): RecipeCheck {
  const result = (one: JsonFields) => ({ recipe: one.text("recipe"), accuracy: one.number("accuracy") });
  return {
    ...result(fields),
    examples: fields.number("examples"),
    others: fields.list("others").map(result),
    better: fields.objectOrNull("better", result),
  };
}

export function modelOf(fields: JsonFields): NonNullable<Provenance["model"]> {
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
