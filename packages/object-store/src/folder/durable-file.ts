import { open } from "node:fs/promises";

/** Writes a small file and fsyncs it; its name is durable when its folder is synced. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
