import { FieldmarkError } from "@fieldmark/contract";

/** Reads one JSON object field by field; whatever is wrong becomes PREPROCESSING_INVALID with the field's name. */
export interface JsonFields {
  /** Own property, or undefined; a field that was read is a known one. */
  take(field: string): unknown;
  refuse(field: string, expected: string): never;
  /** Refuses fields that nobody read: a slip of the pen must not be ignored. */
  close(): void;
}

export function jsonFields(value: unknown, file: string, path = ""): JsonFields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const place = path === "" ? "the document" : path.slice(0, -1);
    throw invalid(file, `${place} is ${shown(value)}, expected an object`);
  }
  const known = new Set<string>();
  const take = (field: string): unknown => {
    known.add(field);
    return Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined;
  };
  return {
    take,
    refuse: (field, expected) => {
      throw invalid(file, `${path}${field} is ${shown(take(field))}, expected ${expected}`);
    },
    close: () => {
      const unknown = Object.keys(value).filter((field) => !known.has(field));
      if (unknown.length > 0) {
        const place = unknown.map((field) => path + field).join(", ");
        throw invalid(file, `unknown field ${place}, expected only ${[...known].join(", ")}`);
      }
    },
  };
}

export function textField(fields: JsonFields, field: string): string {
  const value = fields.take(field);
  if (typeof value !== "string" || value === "" || value.length > MAX_TEXT) {
    return fields.refuse(field, `a text of 1 to ${MAX_TEXT} characters`);
  }
  return value;
}

export function numberField(fields: JsonFields, field: string): number {
  const value = fields.take(field);
  return typeof value === "number" ? value : fields.refuse(field, "a number");
}

/** One of a list of words; `fallback`, if there is one, where the field is absent. */
export function wordField<Word extends string>(
  fields: JsonFields,
  field: string,
  { words, fallback }: { readonly words: readonly Word[]; readonly fallback?: Word },
): Word {
  const value = fields.take(field) ?? fallback;
  return words.find((word) => word === value) ?? fields.refuse(field, `one of ${words.join(", ")}`);
}

/** Three finite numbers, one a channel. */
export function channelsField(fields: JsonFields, field: string, accept: "any" | "positive"): number[] {
  const value = fields.take(field);
  const right = (entry: unknown): entry is number =>
    typeof entry === "number" && Number.isFinite(entry) && (accept === "any" || entry > 0);
  if (Array.isArray(value) && value.length === 3 && value.every(right)) return [...value];
  return fields.refuse(field, `three ${accept === "any" ? "finite" : "positive"} numbers`);
}

const MAX_TEXT = 200;

function shown(value: unknown): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function invalid(file: string, message: string): FieldmarkError {
  return new FieldmarkError("PREPROCESSING_INVALID", `${file}: ${message}`, { file });
}
