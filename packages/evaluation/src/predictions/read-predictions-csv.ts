import { basename } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { CsvError, type Info, parse } from "csv-parse/sync";
import { readTextFile } from "../dataset/text-file.ts";
import { SavedRows } from "./saved-rows.ts";

/**
 * Rows of a CSV with a header; each is turned into numbers as it is parsed, so that its text is not kept.
 * @throws PREDICTIONS_INVALID, FILE_TOO_LARGE, FILE_UNREADABLE
 */
export async function readPredictionsCsv(file: string): Promise<SavedRows> {
  const text = await readTextFile(file);
  let rows: SavedRows | null = null;
  const take = (record: string[], { lines }: Info): null => {
    if (rows === null) {
      rows = new SavedRows(
        basename(file),
        record.map((name) => name.trim()),
      );
    } else rows.add(lines, (place) => record[place]);
    return null;
  };
  try {
    parse(text, { bom: true, skip_empty_lines: true, on_record: take as never });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new FieldmarkError("PREDICTIONS_INVALID", `${file}: ${cause.message}`, { file }, cause);
  }
  if (rows === null) throw new FieldmarkError("PREDICTIONS_INVALID", `${file}: the file is empty`, { file });
  return rows;
}
