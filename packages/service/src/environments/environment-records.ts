import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { EnvironmentRecord, EnvironmentSource } from "./environment.ts";
import { isInterpreter } from "./interpreter.ts";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export const environmentsFolder = (dataFolder: string): string => join(dataFolder, "environments");

/** @throws USAGE when it cannot be an environment's name */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new FieldmarkError(
    "USAGE",
    `"${name}" cannot name an environment: expected up to 63 lower-case letters, digits, ".", "_" and "-", a letter or digit first`,
  );
}

/** The records, in the order of their names. */
export async function readRecords(dataFolder: string): Promise<readonly EnvironmentRecord[]> {
  const folder = environmentsFolder(dataFolder);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const records: EnvironmentRecord[] = [];
  for (const name of names.toSorted()) {
    if (!name.endsWith(".json")) continue;
    const record = await readRecord(dataFolder, name.slice(0, -".json".length));
    if (record !== null) records.push(record);
  }
  return records;
}

/**
 * null when there is none of this name.
 * @throws JSON_INVALID when the file is no record
 */
export async function readRecord(dataFolder: string, name: string): Promise<EnvironmentRecord | null> {
  const file = fileOf(dataFolder, name);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FieldmarkError("JSON_INVALID", `${file}: it is not JSON`, { file }, error);
  }
  if (!isRecord(value))
    throw new FieldmarkError("JSON_INVALID", `${file}: it is not the record of an environment`, { file });
  return value;
}

/** Visible whole or not at all. */
export async function writeRecord(dataFolder: string, record: EnvironmentRecord): Promise<void> {
  await mkdir(environmentsFolder(dataFolder), { recursive: true, mode: 0o700 });
  const file = fileOf(dataFolder, record.name);
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`, { flush: true });
  await rename(temporary, file);
}

export async function removeRecord(dataFolder: string, name: string): Promise<void> {
  await rm(fileOf(dataFolder, name), { force: true });
}

function fileOf(dataFolder: string, name: string): string {
  return join(environmentsFolder(dataFolder), `${name}.json`);
}

function isRecord(value: unknown): value is EnvironmentRecord {
  if (typeof value !== "object" || value === null) return false;
  const { name, images, source, interpreter, folder, addedAt } = value as Record<string, unknown>;
  return (
    typeof name === "string" &&
    NAME.test(name) &&
    Array.isArray(images) &&
    images.every((image) => typeof image === "string") &&
    isSource(source) &&
    isInterpreter(interpreter) &&
    (folder === null || typeof folder === "string") &&
    typeof addedAt === "string"
  );
}

function isSource(value: unknown): value is EnvironmentSource {
  if (typeof value !== "object" || value === null) return false;
  const { kind, digest, file, path } = value as Record<string, unknown>;
  if (kind === "built-in") return typeof digest === "string";
  return kind === "requirements" ? typeof file === "string" : kind === "python" && typeof path === "string";
}
