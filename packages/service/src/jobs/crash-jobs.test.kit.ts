import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { exitCodeOf, openStore, PLACES } from "./crash-service.test.kit.ts";
import { isFinal } from "./status.ts";

export interface CrashResult {
  readonly kills: number;
  readonly accepted: number;
  /** What should not be, in words; [] when all is well. */
  readonly faults: readonly string[];
  /** How many ended with each status. */
  readonly ends: Readonly<Record<string, number>>;
}

export interface CrashOptions {
  readonly folder: string;
  readonly kills: number;
  readonly jobsPerRun: number;
  /** 0 ≤ n < 1 */
  readonly random: () => number;
  /** The module that `crashService` is built into, as a file: URL. */
  readonly service: string;
}

/** ms within which a service is killed after it was ready */
const LONGEST_LIFE = 250;

/**
 * Kills a controller with SIGKILL at random points of its life, again and again over the same folder, lets the last one
 * finish, and looks for jobs that were lost, started twice, left without their outputs, or given a wrong end.
 */
export async function crashJobs(options: CrashOptions): Promise<CrashResult> {
  const accepted: string[] = [];
  const complaints: string[] = [];
  for (let kill = 0; kill < options.kills; kill++) {
    const service = start(options, { run: `run${kill}`, jobs: options.jobsPerRun, wait: [] }, complaints);
    const reading = readLines(service, (line) => {
      if (line.startsWith("accepted ")) accepted.push(line.slice("accepted ".length));
    });
    await reading.ready;
    await pause(options.random() * LONGEST_LIFE);
    service.kill("SIGKILL");
    await reading.closed;
  }
  const last = start(options, { run: "last", jobs: 0, wait: accepted }, complaints);
  let hasEnded = false;
  await readLines(last, (line) => {
    hasEnded ||= line === "ended";
  }).closed;
  const faults = [...complaints, ...(hasEnded ? [] : ["the last service did not come to an end"])];
  return {
    kills: options.kills,
    accepted: accepted.length,
    ...(await inspect(options.folder, accepted, faults)),
  };
}

async function inspect(
  folder: string,
  accepted: readonly string[],
  faults: string[],
): Promise<Pick<CrashResult, "faults" | "ends">> {
  await using store = openStore(folder);
  const ends: Record<string, number> = {};
  const starts = (await readFile(join(folder, PLACES.starts), "utf8")).trim().split("\n");
  for (const line of starts.filter((each, i) => starts.indexOf(each) !== i))
    faults.push(`started twice: ${line}`);
  for (const name of accepted) {
    const record = await store.get(name);
    if (record === null) {
      faults.push(`lost: ${name}`);
      continue;
    }
    ends[record.status] = (ends[record.status] ?? 0) + 1;
    if (!isFinal(record.status)) faults.push(`stuck: ${name} is ${record.status}/${record.phase}`);
    const expected = exitCodeOf(name) === 0 ? "Completed" : "Failed";
    if (record.status !== expected && record.status !== "Stopped")
      faults.push(`wrong end: ${name} is ${record.status} (${record.failureReason})`);
    const transitions = await store.transitions(record.id);
    if (transitions.filter(({ phase }) => phase === "ended").length !== 1)
      faults.push(`ended twice: ${name}`);
    const hasStarted = starts.some((line) => line.startsWith(`${record.id} `));
    const transfers = await readFile(join(folder, PLACES.transfers, record.id), "utf8").catch(() => "");
    if (hasStarted && !transfers.includes("upload")) faults.push(`not uploaded: ${name}`);
  }
  for (const id of await readdir(join(folder, PLACES.instances))) faults.push(`left behind: ${id}`);
  return { faults, ends };
}

function start({ folder, service }: CrashOptions, run: object, complaints: string[]): ChildProcess {
  const program = `import { crashService } from ${JSON.stringify(service)}; await crashService(JSON.parse(process.argv[1]));`;
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", program, JSON.stringify({ folder, ...run })],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.stderr.on("data", (text: Buffer) => complaints.push(text.toString()));
  return child;
}

function readLines(child: ChildProcess, onLine: (line: string) => void) {
  const closed = once(child, "close");
  if (child.stdout === null) throw new Error("no pipe");
  const lines = createInterface({ input: child.stdout });
  lines.on("line", onLine);
  const ready = Promise.race([once(lines, "line"), closed]);
  return { ready, closed };
}
