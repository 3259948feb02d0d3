import { readFile, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { InstanceState } from "../runtime.ts";
import { instanceFiles, type JobFiles } from "./job-files.ts";
import { descendants, instanceInits, isAlive, type ProcessMark, programOf, send } from "./processes.ts";
import { parseExit } from "./supervisor.ts";

/** A supervisor that has just made `started` may not have written into it yet. */
const FRESH_MS = 10_000;
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
  const [pid = "", startTime = "", boot = ""] = text.trim().split(" ");
  return { mark: boot === "" ? null : { pid: Number(pid), startTime, boot }, at: Math.round(mtimeMs) };
}

/** True while the job's supervisor runs. */
export function isRunning({ mark, at }: Started): boolean {
  return mark === null ? Date.now() - at < FRESH_MS : isAlive(mark);
}

/** What is true of the instances, from their files and the process table alone. */
export async function observeJob(job: JobFiles, hosts: readonly string[]): Promise<readonly InstanceState[]> {
  const started = await readStarted(job);
  if (started === null) return hosts.map(() => ({ kind: "absent" }));
  const running = isRunning(started); // asked before the exits are read: one written in between is seen
  const outOfDisk = (await readOrNull(job.outOfDisk)) !== null;
  return await Promise.all(
    hosts.map(async (host): Promise<InstanceState> => {
      const { exit } = instanceFiles(job, host);
      const end = parseExit((await readOrNull(exit)) ?? "");
      if (end === null) return running ? { kind: "running", startedAt: started.at } : { kind: "disappeared" };
      const { mtimeMs } = await stat(exit);
      return {
        kind: "exited",
        exitCode: end.exitCode,
        startedAt: started.at,
        endedAt: Math.max(started.at, Math.round(mtimeMs)),
        ...(end.outOfMemory ? { outOfMemory: true } : {}),
        ...(outOfDisk ? { outOfDisk: true } : {}),
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
    const ended = (await observeJob(job, hosts)).filter(({ kind }) => kind === "exited").length;
    const targets = sandboxed
      ? sandboxTargets(started.mark.pid, signal)
      : await programTargets(job, hosts, { supervisor: started.mark.pid, signal });
    if (targets.length >= hosts.length - ended) {
      for (const pid of targets) send(pid, signal);
      return;
    }
    await pause(SIGNAL_PAUSE_MS); // a sandbox is being built, or a shell is writing the end down
  }
}

function sandboxTargets(supervisor: number, signal: "SIGTERM" | "SIGKILL"): readonly number[] {
  const inits = instanceInits(supervisor);
  return signal === "SIGKILL" ? inits : inits.flatMap((init) => programOf(init) ?? []);
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
