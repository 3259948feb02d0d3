import { createHash, randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { FieldmarkError } from "@fieldmark/contract";

/** ms between two looks at a lock that somebody else is taking over */
const CLAIMED_MS = 5;

/** Who holds a lock. The start time tells a process from a later one of the same id (null where /proc is not). */
interface Holder {
  readonly pid: number;
  readonly startedAt: string | null;
}

/**
 * One service a data folder. The lock is a file that names its process: it outlives a kill -9, and is then taken over.
 *
 * @throws DATA_IN_USE
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, "lock");
  const own = JSON.stringify({ pid: process.pid, startedAt: await startTime(process.pid) } satisfies Holder);
  const holder = await acquire(path, own);
  if (holder === null) return { [Symbol.asyncDispose]: async () => await rm(path, { force: true }) };
  throw new FieldmarkError(
    "DATA_IN_USE",
    `the data folder ${folder} is in use by another service, process ${holder.pid}`,
    { folder, pid: holder.pid },
  );
}

/**
 * Makes the file ours; else who has it. One whose process is gone is replaced by whoever holds the claim to just that
 * file, a lock of its own: of two who find it, the second could take the first one's new lock for it.
 */
async function acquire(path: string, own: string): Promise<Holder | null> {
  for (;;) {
    if (await createWhole(path, own)) return null;
    const text = await readFile(path, "utf8").catch(ignoreAbsent);
    if (text === null) continue;
    const holder = parseHolder(text);
    if (holder !== null && (await isAlive(holder))) return holder;
    const claim = `${path}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
    if ((await acquire(claim, own)) !== null) {
      await pause(CLAIMED_MS);
      continue;
    }
    try {
      if ((await readFile(path, "utf8").catch(ignoreAbsent)) !== text) continue;
      const draft = await writeDraft(path, own);
      await rename(draft, path);
      return null;
    } finally {
      await rm(claim, { force: true });
    }
  }
}

/** Creates the file with its content in one step; false when there is one. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = await writeDraft(path, content);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(path: string, content: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, content, { flag: "wx", mode: 0o600 });
  return draft;
}

function parseHolder(text: string): Holder | null {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || !("pid" in json) || !Number.isSafeInteger(json.pid))
      return null;
    const startedAt = "startedAt" in json && typeof json.startedAt === "string" ? json.startedAt : null;
    return { pid: Number(json.pid), startedAt };
  } catch (error) {
    if (error instanceof SyntaxError) return null; // cut short by a crash of the machine
    throw error;
  }
}

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return false;
    if (!isErrno(error, "EPERM")) throw error;
  }
  return startedAt === null || (await startTime(pid)) === startedAt;
}

/** Boot and clock tick at which a process started; null where /proc is not. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(ignoreAbsent);
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(ignoreAbsent);
  if (stat === null || boot === null) return null;
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${boot.trim()}/${ticks}`;
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

function ignoreAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ESRCH") return null;
  throw error;
}
