import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Which process made a record: its id alone may be another's by now. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks after the boot; "0" where the system does not say. */
  readonly startTime: string;
  /** "0" where the system does not say. */
  readonly boot: string;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** Its ids in the pid namespaces that it is in, the outermost first. */
  readonly namespaced: readonly number[];
}

/** True while the very process that made the mark runs. */
export function isAlive({ pid, startTime, boot }: ProcessMark): boolean {
  if (boot !== bootId()) return false;
  if (startTime === "0") return exists(pid);
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return false;
  // "pid (name) state …": the name may hold anything, the start time is the 22nd field
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] !== "Z" && fields[19] === startTime;
}

let boot: string | null = null;
function bootId(): string {
  boot ??= readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? "0";
  return boot;
}

/** The first processes of the pid namespaces directly below a supervisor: one an instance. To kill one is to kill all in it. */
export function instanceInits(supervisor: number): readonly number[] {
  const table = processTable();
  const children = childrenOf(table);
  const depth = table.get(supervisor)?.namespaced.length ?? 1;
  const inits: number[] = [];
  const visit = (pid: number) => {
    for (const child of children.get(pid) ?? []) {
      if (child.namespaced.length > depth) inits.push(child.pid);
      else visit(child.pid);
    }
  };
  visit(supervisor);
  return inits;
}

/** The program of an instance: the eldest child of its init. null before it is started. */
export function programOf(init: number): number | null {
  const children = childrenOf(processTable()).get(init) ?? [];
  const [eldest] = children.toSorted((a, b) => (a.namespaced.at(-1) ?? 0) - (b.namespaced.at(-1) ?? 0));
  return eldest?.pid ?? null;
}

/** All below a process, the nearest first. */
export function descendants(pid: number): readonly number[] {
  const children = childrenOf(processTable());
  const found: number[] = [pid];
  for (const next of found) for (const child of children.get(next) ?? []) found.push(child.pid);
  return found.slice(1);
}

export function processesOf(uid: number): readonly number[] {
  return [...processTable().values()].filter((process) => process.uid === uid).map(({ pid }) => pid);
}

/** Sends a signal; a process that is gone is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function processTable(): Map<number, Process> {
  const table = new Map<number, Process>();
  if (process.platform !== "linux") {
    const rows = execFileSync("ps", ["-axo", "pid=,ppid=,uid="], { encoding: "utf8" }).split("\n");
    for (const row of rows) {
      const [pid = Number.NaN, parent = 0, uid = 0] = row.trim().split(/\s+/).map(Number);
      if (pid > 0) table.set(pid, { pid, parent, uid, namespaced: [pid] });
    }
    return table;
  }
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = readOrNull(`/proc/${name}/status`);
    if (status === null) continue;
    const pid = Number(name);
    table.set(pid, {
      pid,
      parent: Number(field(status, "PPid")),
      uid: Number(field(status, "Uid").split("\t")[0]),
      namespaced: (field(status, "NSpid") || name).split("\t").map(Number),
    });
  }
  return table;
}

function childrenOf(table: Map<number, Process>): Map<number, Process[]> {
  const children = new Map<number, Process[]>();
  for (const process of table.values()) {
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process]);
    else siblings.push(process);
  }
  return children;
}

function field(status: string, name: string): string {
  const start = status.indexOf(`\n${name}:\t`);
  if (start < 0) return "";
  const from = start + name.length + 3;
  return status.slice(from, status.indexOf("\n", from));
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // gone, or never there: its absence is the answer
  }
}
