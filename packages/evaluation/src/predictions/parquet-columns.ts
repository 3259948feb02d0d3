import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type DecodedArray, type FileMetaData, parquetMetadata, parquetRead } from "hyparquet";
import { CLASS_NAMES_KEY, SHARE_KEY } from "./predictions-parquet.ts";
import { SavedRows } from "./saved-rows.ts";

/** Values of the probability columns together. */
const VALUE_LIMIT = 2 ** 28;

/** The columns of a Parquet file of predictions that are wanted, whole; plain data that a thread can hand over. */
export interface ParquetColumns {
  readonly header: readonly string[];
  /** Rows of the file. */
  readonly count: number;
  /** [rows] by the column's place in the header. */
  readonly columns: ReadonlyMap<number, ArrayLike<unknown>>;
  /** Class names in the metadata, where we wrote the file. */
  readonly classNames: readonly string[] | null;
  /** JSON of an instance's share, where it is one. */
  readonly share: string | null;
}

/**
 * Reads Parquet, uncompressed or Snappy (pandas' default). A hostile file may keep the reader busy for ever: call it in
 * a thread that can be ended.
 * @throws PREDICTIONS_INVALID, FILE_TOO_LARGE
 */
export async function parquetColumns(file: string): Promise<ParquetColumns> {
  const bytes = await readFile(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await readable(file, async () => parquetMetadata(buffer));
  const header = await readable(file, async () => topLevelNames(metadata));
  const { wanted, classes } = new SavedRows(basename(file), header);
  const count = countRows(file, metadata, classes);
  const names = wanted.map((place) => header[place] ?? "");
  const read = await readable(file, () => readColumns(buffer, metadata, names));
  const columns = new Map(wanted.map((place, index) => [place, read[index] ?? []]));
  for (const [place, column] of columns) {
    if (column.length === count) continue;
    throw new FieldmarkError(
      "PREDICTIONS_INVALID",
      `${file}: column "${header[place]}" has ${column.length} values, expected ${count}`,
      { file },
    );
  }
  return {
    header,
    count,
    columns,
    classNames: classNamesOf(metadata),
    share: metadataValue(metadata, SHARE_KEY),
  };
}

/** Whatever the reader throws means that the file is damaged, or of a kind that is not read. */
async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FieldmarkError(
      "PREDICTIONS_INVALID",
      `${file}: not a Parquet file that can be read: ${why}`,
      { file },
      cause,
    );
  }
}

/** Names of the columns: the children of the schema's root, nested ones passed over. */
function topLevelNames({ schema }: FileMetaData): readonly string[] {
  const names: string[] = [];
  const [root, ...elements] = schema;
  let at = 0;
  const skip = (children: number): void => {
    for (let child = 0; child < children && at < elements.length; child++)
      skip(elements[at++]?.num_children ?? 0);
  };
  for (let child = 0; child < (root?.num_children ?? 0) && at < elements.length; child++) {
    const element = elements[at++];
    names.push(element?.name ?? "");
    skip(element?.num_children ?? 0);
  }
  return names;
}

/** Rows of all row groups; a number that the file's columns do not agree on is refused before anything is made of it. */
function countRows(file: string, metadata: FileMetaData, classes: number): number {
  let count = 0;
  for (const { num_rows, columns } of metadata.row_groups) {
    count += Number(num_rows);
    for (const { meta_data } of columns) {
      if (meta_data === undefined || meta_data.num_values === num_rows) continue;
      throw new FieldmarkError(
        "PREDICTIONS_INVALID",
        `${file}: column "${meta_data.path_in_schema.join(".")}" has ${meta_data.num_values} values in a group of ${num_rows} rows`,
        { file },
      );
    }
  }
  if (!(count >= 0) || count * classes > VALUE_LIMIT) {
    throw new FieldmarkError(
      "FILE_TOO_LARGE",
      `${file}: ${count} rows of ${classes} classes, expected at most ${VALUE_LIMIT} probabilities`,
      { file },
    );
  }
  return count;
}

/** Whole columns in the order of `names`. */
async function readColumns(
  file: ArrayBuffer,
  metadata: FileMetaData,
  names: readonly string[],
): Promise<readonly ArrayLike<unknown>[]> {
  const chunks = new Map<string, { rowStart: number; data: DecodedArray }[]>(names.map((name) => [name, []]));
  await parquetRead({
    file,
    metadata,
    columns: [...names],
    onChunk: ({ columnName, columnData, rowStart }) => {
      chunks.get(columnName)?.push({ rowStart, data: columnData });
    },
  });
  return [...chunks.values()].map((parts) => {
    parts.sort((a, b) => a.rowStart - b.rowStart);
    const [first, ...others] = parts.map(({ data }): ArrayLike<unknown> => data);
    return others.length === 0 ? (first ?? []) : parts.flatMap(({ data }): unknown[] => Array.from(data));
  });
}

function metadataValue({ key_value_metadata }: FileMetaData, key: string): string | null {
  return key_value_metadata?.find((one) => one.key === key)?.value ?? null;
}

function classNamesOf(metadata: FileMetaData): readonly string[] | null {
  const text = metadataValue(metadata, CLASS_NAMES_KEY);
  if (text === null) return null;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : null;
  } catch {
    return null; // another tool's value under our key: the classes are named as in a file without it
  }
}
