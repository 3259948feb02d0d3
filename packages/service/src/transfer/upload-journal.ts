import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { hasCode } from "./place-files.ts";

/**
 * Which version of each file of an instance was uploaded, so that an upload that was interrupted goes on where it was.
 * One line a file, written after its object is durable; a torn last line costs one more upload.
 */
export class UploadJournal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #versions: Map<string, string>;

  private constructor(file: FileHandle, versions: Map<string, string>) {
    this.#file = file;
    this.#versions = versions;
  }

  static async open(folder: InstanceFolder): Promise<UploadJournal> {
    await mkdir(folder.transfer, { recursive: true, mode: 0o700 });
    const path = join(folder.transfer, "uploaded");
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return "";
      throw error;
    });
    const file = await open(path, "a", 0o600);
    // What a crash left of a line must not run into the next one.
    if (text !== "" && !text.endsWith("\n")) await file.write("\n");
    return new UploadJournal(file, new Map(text.split("\n").flatMap(entry)));
  }

  has(uri: string, version: string): boolean {
    return this.#versions.get(uri) === version;
  }

  async add(uri: string, version: string): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify([uri, version])}\n`);
    this.#versions.set(uri, version);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

const ENTRY = /^\["((?:[^"\\]|\\.)*)","([\d-]+)"\]$/;

function entry(line: string): [string, string][] {
  return ENTRY.test(line) ? [JSON.parse(line) as [string, string]] : [];
}
