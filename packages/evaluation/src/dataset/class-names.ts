import { FieldmarkError } from "@fieldmark/contract";
import type { ModelClasses } from "./dataset.ts";
import { readTextFile } from "./text-file.ts";

/**
 * Reads a labels file: a JSON array of names, a JSON object {"0": "name"}, or one name a line.
 * @throws JSON_INVALID, CLASSES_MISMATCH on empty or doubled names
 */
export async function readLabelsFile(path: string): Promise<readonly string[]> {
  const text = await readTextFile(path);
  const names = /^\s*[[{]/.test(text) ? namesFromJson(path, text) : namesFromLines(text);
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    if (name === "") throw new FieldmarkError("CLASSES_MISMATCH", `${path}: class ${index} has no name`);
    const first = seen.get(name);
    if (first !== undefined) {
      throw new FieldmarkError(
        "CLASSES_MISMATCH",
        `${path}: classes ${first} and ${index} are both "${name}"`,
      );
    }
    seen.set(name, index);
  });
  return names;
}

function namesFromLines(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  return lines;
}

function namesFromJson(path: string, text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${path}: ${String(cause)}`, { file: path }, cause);
  }
  const list = Array.isArray(value) ? value : fromIndexObject(path, value);
  return list.map((name, index) => {
    if (typeof name !== "string") {
      throw new FieldmarkError(
        "JSON_INVALID",
        `${path}: class ${index} is ${JSON.stringify(name)}, expected a string`,
      );
    }
    return name.trim();
  });
}

function fromIndexObject(path: string, value: unknown): unknown[] {
  const entries = Object.entries(value as object);
  const list: unknown[] = new Array(entries.length);
  for (const [key, name] of entries) {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= entries.length) {
      throw new FieldmarkError(
        "JSON_INVALID",
        `${path}: key "${key}", expected the indices 0 to ${entries.length - 1}`,
      );
    }
    list[index] = name;
  }
  return list;
}

/**
 * Names for exactly the model's outputs.
 * Outputs that nobody named become `class_<index>`.
 * @throws CLASSES_MISMATCH when there are more names than outputs, or two outputs share a name
 */
export function nameEveryOutput(given: ReadonlyMap<number, string>, model: ModelClasses): readonly string[] {
  const names = Array.from({ length: model.count }, (_, index) => given.get(index) ?? `class_${index}`);
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    const first = seen.get(name);
    if (first !== undefined) {
      throw new FieldmarkError("CLASSES_MISMATCH", `classes ${first} and ${index} are both named "${name}"`);
    }
    seen.set(name, index);
  });
  return names;
}

/** @throws CLASSES_MISMATCH when a complete list has another length than the model has outputs */
export function requireCount(names: readonly string[], model: ModelClasses, file: string): void {
  if (names.length === model.count) return;
  throw new FieldmarkError(
    "CLASSES_MISMATCH",
    `${file} names ${names.length} classes, but the model's output has ${model.count}`,
    { file, found: names.length, expected: model.count },
  );
}
