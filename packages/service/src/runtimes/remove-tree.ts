import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removing a tree again after its folders were opened. */
const REMOVE_ATTEMPTS = 4;

/** Removes a folder with whatever modes a program of the same user left in it. */
export async function removeTree(path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") || attempt === REMOVE_ATTEMPTS)
        throw error;
      await openTree(path);
    }
  }
}

/** What is gone meanwhile is as good as opened: a removal that failed may still be at work beside this. */
async function openTree(path: string): Promise<void> {
  try {
    await chmod(path, 0o700);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await openTree(join(path, entry.name));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
