import { readFile, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { InstanceState } from "../runtime.ts";
import { instanceFiles, type JobFiles } from "./job-files.ts";
import { descendants, instanceInits, isAlive, type ProcessMark, programOf, send } from "./processes.ts";
import { parseExit } from "./supervisor.ts";

/** A supervisor that has just made `started` may not have written into it yet. */
const FRESH_MS = 10_000;
/** Exit code of SIGKILL, by which a full disk ends a program; one that had ended before had room. */
const KILLED = 137;
/** A signal waits so long for a program whose sandbox is being built. */
const SIGNAL_TRIES = 250;
const SIGNAL_PAUSE_MS = 20;

interface Started {
  /** null: made, not written: the supervisor is at it, or was killed there */
  readonly mark: ProcessMark | null;
  /** epoch milliseconds */
  readonly at: number;
}

/** What the supervisor recorded of its start; null when the job was never started. */
export async function readStarted(job: JobFiles): Promise<Started | null> {
  const text = await readOrNull(job.started);
  if (text === null) return null;
  const { mtimeMs } = await stat(job.started);
  return { mark: parseMark(text), at: Math.round(mtimeMs) };
}

function parseMark(text: string): ProcessMark | null {
  const [pid = "", startTime = "", boot = ""] = text.trim().split(" ");
  return boot === "" ? null : { pid: Number(pid), startTime, boot };
}

/** True while the job's supervisor runs. */
export function isRunning({ mark, at }: Started): boolean {
  return mark === null ? Date.now() - at < FRESH_MS : isAlive(mark);
}

/** What is true of the instances, from their files and the process table alone. */
export async function observeJob(job: JobFiles, hosts: readonly string[]): Promise<readonly InstanceState[]> {
  const started = await readStarted(job);
  if (started === null) return hosts.map(() => ({ kind: "absent" }));
  // asked before the exits are read: one that is written in between is seen
  const supervised = isRunning(started);
  const outOfDisk = (await readOrNull(job.outOfDisk)) !== null;
  return await Promise.all(
    hosts.map(async (host): Promise<InstanceState> => {
      const { exit, mark: file } = instanceFiles(job, host);
      const mark = parseMark((await readOrNull(file)) ?? "");
      const running = mark === null ? supervised : isAlive(mark);
      const end = parseExit((await readOrNull(exit)) ?? "");
      if (end === null) return running ? { kind: "running", startedAt: started.at } : { kind: "disappeared" };
      const { mtimeMs } = await stat(exit);
      return {
        kind: "exited",
        exitCode: end.exitCode,
        startedAt: started.at,
        endedAt: Math.max(started.at, Math.round(mtimeMs)),
        ...(end.outOfMemory ? { outOfMemory: true } : {}),
        ...(outOfDisk && end.exitCode === KILLED ? { outOfDisk: true } : {}),
      };
    }),
  );
}

/**
 * Sends a signal to the programs of a job, or, with SIGKILL, ends everything in its instances. The supervisor lives on and
 * records the end.
 */
export async function signalJob(
  job: JobFiles,
  hosts: readonly string[],
  { signal, sandboxed }: { readonly signal: "SIGTERM" | "SIGKILL"; readonly sandboxed: boolean },
): Promise<void> {
  for (let attempt = 0; attempt < SIGNAL_TRIES; attempt += 1) {
    const started = await readStarted(job);
    if (started === null || started.mark === null || !isAlive(started.mark)) return;
    const running = (await observeJob(job, hosts)).filter(({ kind }) => kind === "running").length;
    const targets = sandboxed
      ? sandboxTargets(started.mark.pid)
      : await programTargets(job, hosts, { supervisor: started.mark.pid, signal });
    // fewer: a sandbox is being built, or a shell is writing an end down
    if (targets.length >= running || attempt + 1 === SIGNAL_TRIES) {
      for (const pid of targets) send(pid, signal);
      return;
    }
    await pause(SIGNAL_PAUSE_MS);
  }
}

/** The programs: with its program an instance's init ends, and with that all else that is in it, and the exit code is the program's. */
function sandboxTargets(supervisor: number): readonly number[] {
  return instanceInits(supervisor).flatMap((init) => programOf(init) ?? []);
}

/** Without namespaces: the processes that the programs' own scripts named, while they are the supervisor's. */
async function programTargets(
  job: JobFiles,
  hosts: readonly string[],
  { supervisor, signal }: { readonly supervisor: number; readonly signal: "SIGTERM" | "SIGKILL" },
): Promise<readonly number[]> {
  const named = await Promise.all(
    hosts.map(async (host) => Number(await readOrNull(instanceFiles(job, host).pid))),
  );
  const mine = new Set(descendants(supervisor));
  const programs = named.filter((pid) => mine.has(pid));
  return signal === "SIGTERM" ? programs : programs.flatMap((pid) => [...descendants(pid), pid]);
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
