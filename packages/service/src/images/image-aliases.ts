import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { matchesImage } from "../environments/images.ts";

/** An image that stands in for others, by the user's word. */
export interface ImageAlias {
  /** `*` is any text, `?` one character. */
  readonly pattern: string;
  readonly image: string;
}

const fileOf = (dataFolder: string) => join(dataFolder, "images.json");

/** In the order they are tried: the newest first. @throws DATA_BROKEN */
export async function readAliases(dataFolder: string): Promise<readonly ImageAlias[]> {
  const file = fileOf(dataFolder);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const aliases = parse(text);
  if (aliases === null)
    throw new FieldmarkError("DATA_BROKEN", `${file}: expected {"aliases": [{"pattern": …, "image": …}]}`, {
      file,
    });
  return aliases;
}

/** Adds an alias, or replaces the one of the same pattern. */
export async function setAlias(dataFolder: string, alias: ImageAlias): Promise<void> {
  const others = (await readAliases(dataFolder)).filter(({ pattern }) => pattern !== alias.pattern);
  await write(dataFolder, [alias, ...others]);
}

/** @throws ALIAS_UNKNOWN */
export async function removeAlias(dataFolder: string, pattern: string): Promise<void> {
  const aliases = await readAliases(dataFolder);
  const rest = aliases.filter((alias) => alias.pattern !== pattern);
  if (rest.length === aliases.length)
    throw new FieldmarkError("ALIAS_UNKNOWN", `there is no alias for ${pattern} in ${dataFolder}`, {
      pattern,
    });
  await write(dataFolder, rest);
}

export function aliasFor(aliases: readonly ImageAlias[], image: string): ImageAlias | null {
  return aliases.find(({ pattern }) => matchesImage(pattern, image)) ?? null;
}

function parse(text: string): readonly ImageAlias[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list = typeof value === "object" && value !== null && "aliases" in value ? value.aliases : null;
  if (!Array.isArray(list) || !list.every(isAlias)) return null;
  return list.map(({ pattern, image }) => ({ pattern, image }));
}

function isAlias(value: unknown): value is ImageAlias {
  if (typeof value !== "object" || value === null || !("pattern" in value) || !("image" in value))
    return false;
  return [value.pattern, value.image].every((word) => typeof word === "string" && word !== "");
}

/** Replaced whole: a service that runs reads the one or the other. */
async function write(dataFolder: string, aliases: readonly ImageAlias[]): Promise<void> {
  const file = fileOf(dataFolder);
  const fresh = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(fresh, `${JSON.stringify({ aliases }, null, 2)}\n`, { mode: 0o600 });
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}
