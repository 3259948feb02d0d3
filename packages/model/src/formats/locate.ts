import { FieldmarkError } from "@fieldmark/contract";

/** Where the SavedModel is among the files that were opened. */
export interface Located {
  /** "" or a path with "/" at its end. */
  readonly folder: string;
  /** What the reader decided for the user, in sentences. */
  readonly notes: readonly string[];
}

const MODEL = /^((?:[^/]+\/){0,2})saved_model\.pb$/;

/**
 * Finds the SavedModel: at the root, in a numeric version folder (the highest of several), in one wrapping folder,
 * or in a version folder of that.
 * @throws MODEL_NOT_FOUND saying what was found instead; MODEL_BROKEN when several could be meant
 */
export function locateSavedModel(names: readonly string[], path: string): Located {
  const folders = names.flatMap((name) => MODEL.exec(name)?.[1] ?? []);
  if (folders.includes("")) return { folder: "", notes: [] };
  const plain = folders.filter((folder) => version(folder) === null);
  const wrapped = new Set(folders.map((folder) => folder.split("/").slice(0, -2).join("/")));
  const [only] = folders;
  if (only === undefined) throw notFound(names, path);
  if (folders.length === 1) return { folder: only, notes: [] };
  if (plain.length > 0 || wrapped.size > 1) {
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${path}: holds several SavedModels, expected one: ${folders.map((folder) => folder.slice(0, -1)).join(", ")}`,
    );
  }
  const newest = folders.reduce((best, folder) =>
    (version(folder) ?? 0n) > (version(best) ?? 0n) ? folder : best,
  );
  const versions = folders.map((folder) => folder.split("/").at(-2)).join(", ");
  return { folder: newest, notes: [`${path}: has versions ${versions}; the highest is read: ${newest}`] };
}

/** The number of a version folder ("1/", "bird/3/"). */
function version(folder: string): bigint | null {
  const last = folder.split("/").at(-2) ?? "";
  return /^\d{1,30}$/.test(last) ? BigInt(last) : null;
}

function notFound(names: readonly string[], path: string): FieldmarkError {
  const shown = names.slice(0, 8).join(", ");
  const more = names.length > 8 ? `, and ${names.length - 8} more` : "";
  const found = names.length === 0 ? "no files" : `${shown}${more}`;
  return new FieldmarkError(
    "MODEL_NOT_FOUND",
    `${path}: no SavedModel here: there is no saved_model.pb at its root, in a numbered folder such as 1/, or in one ` +
      `wrapping folder; found ${found}`,
    { file: path },
  );
}
