import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileProblem } from "../file-problem.ts";
import { writeWhole } from "../write-whole.ts";
import { cacheUnusable } from "./cache-folder.ts";

/** A folder with more files than this is no SavedModel; its state is not taken. */
const MAX_FILES = 10_000;
/** A file that changed this recently may change again without a new time stamp. */
const SETTLED_AFTER_MS = 2000;

/** What the file system says of a model, whatever its bytes: equal states mean equal bytes. */
export interface FileState {
  readonly realpath: string;
  /** Name, size, times and inode of each file. */
  readonly files: readonly string[];
  /** Milliseconds since the epoch of the last change of any of them. */
  readonly changed: number;
}

/**
 * The state of a file, or of every file below a folder.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function fileState(path: string): Promise<FileState> {
  try {
    const real = await realpath(path);
    const files: string[] = [];
    let changed = 0;
    const visit = async (at: string, name: string): Promise<void> => {
      const state = await stat(at, { bigint: true });
      if (state.isDirectory()) {
        for (const child of (await readdir(at)).sort()) {
          if (files.length < MAX_FILES) await visit(join(at, child), `${name}/${child}`);
        }
        return;
      }
      const { size, mtimeNs, ctimeNs, ino, dev } = state;
      files.push([name, size, mtimeNs, ctimeNs, ino, dev].join(" "));
      changed = Math.max(changed, Number(state.mtimeMs), Number(state.ctimeMs));
    };
    await visit(real, "");
    return { realpath: real, files, changed };
  } catch (cause) {
    throw fileProblem(path, cause);
  }
}

export function sameState(a: FileState, b: FileState): boolean {
  return a.realpath === b.realpath && a.files.join("\n") === b.files.join("\n");
}

interface Memo {
  readonly state: string;
  readonly digest: string;
}

/** The digest that a model had when its files were in this state, or null when that is not known. */
export async function recallDigest(cacheFolder: string, state: FileState): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(memoFile(cacheFolder, state), "utf8");
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) return null;
    throw cause;
  }
  const memo = parseMemo(text);
  return memo?.state === stateHash(state) ? memo.digest : null;
}

/**
 * Remembers a digest, unless the files changed so recently that they may be changing still.
 * @throws CACHE_UNUSABLE, DISK
 */
export async function rememberDigest(
  cacheFolder: string,
  state: FileState,
  digest: string,
  now = Date.now(),
): Promise<void> {
  if (now - state.changed < SETTLED_AFTER_MS || state.files.length >= MAX_FILES) return;
  const memo: Memo = { state: stateHash(state), digest };
  await mkdir(join(cacheFolder, "digests"), { recursive: true }).catch((cause: unknown) => {
    throw cacheUnusable(cacheFolder, cause);
  });
  await writeWhole(memoFile(cacheFolder, state), [new TextEncoder().encode(JSON.stringify(memo))]);
}

function memoFile(cacheFolder: string, { realpath: path }: FileState): string {
  return join(cacheFolder, "digests", `${createHash("sha256").update(path).digest("hex")}.json`);
}

function stateHash({ realpath: path, files }: FileState): string {
  return createHash("sha256")
    .update(JSON.stringify([path, files]))
    .digest("hex");
}

function parseMemo(text: string): Memo | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { state, digest } = value as Partial<Record<string, unknown>>;
    if (typeof state !== "string" || typeof digest !== "string") return null;
    return /^sha256:[0-9a-f]{64}$/.test(digest) ? { state, digest } : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}
