import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";

/** The keys that the owner of a data folder signs with. */
export interface OwnerKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Makes the folder where there is none; nobody else may look into it. */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/**
 * The keys of a data folder, made once; two that ask at the same time get the same.
 *
 * @throws DATA_BROKEN
 */
export async function ownerKeys(folder: string): Promise<OwnerKeys> {
  await makeDataFolder(folder);
  const path = join(folder, "keys.json");
  return (await readKeys(path)) ?? (await makeKeys(path));
}

async function readKeys(path: string): Promise<OwnerKeys | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const keys = parseKeys(text);
  if (keys !== null) return keys;
  throw new FieldmarkError("DATA_BROKEN", `${path} holds no {"accessKeyId", "secretAccessKey"}`, { path });
}

function parseKeys(text: string): OwnerKeys | null {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null) return null;
    if (!("accessKeyId" in json) || !("secretAccessKey" in json)) return null;
    const { accessKeyId, secretAccessKey } = json;
    return typeof accessKeyId === "string" && typeof secretAccessKey === "string"
      ? { accessKeyId, secretAccessKey }
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A link into place shows the file whole or not at all, and the first one wins. */
async function makeKeys(path: string): Promise<OwnerKeys> {
  const keys: OwnerKeys = {
    accessKeyId: `AKIA${randomText("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}`,
    secretAccessKey: randomBytes(30).toString("base64"),
  };
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(keys, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return (await readKeys(path)) ?? keys;
}

const randomText = (letters: string, length: number): string =>
  Array.from(randomBytes(length), (byte) => letters.charAt(byte % letters.length)).join("");
