import { randomUUID } from "node:crypto";
import { appendFile, link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { RunPlan } from "../../jobs/run-plan.ts";
import type { InstanceFolder, InstanceState, Runtime } from "../runtime.ts";

/** What a fake program does, as JSON in the plan's only argument. */
export interface FakeProgram {
  /** ms that it runs; for ever when left out */
  readonly runs?: number;
  readonly exitCode?: number;
  /** The limit that it is killed at. */
  readonly outOf?: "memory" | "disk";
  readonly ignoresSigterm?: boolean;
  /** Files that it writes at its start, by their paths below /opt/ml. */
  readonly writes?: Readonly<Record<string, string>>;
}

type Exited = Extract<InstanceState, { readonly kind: "exited" }>;

interface Started {
  readonly startedAt: number;
  /** null: never by itself */
  readonly endsAt: number | null;
  readonly exitCode: number;
  readonly limit: Pick<Exited, "outOfMemory" | "outOfDisk">;
  readonly ignoresSigterm: boolean;
}

const STATES = { started: "started", sigterm: "SIGTERM", sigkill: "SIGKILL", lost: "lost" } as const;
/** ms between looks for what changed */
const LOOK = 10;

export interface FakeRuntimeOptions {
  /** Holds one folder a job. */
  readonly folder: string;
  /** epoch milliseconds */
  readonly now: () => number;
  /** Told of each start, after it can no longer happen again. */
  readonly onStart?: (plan: RunPlan, host: string) => Promise<void>;
  /** What `prepare` or `start` throws. */
  readonly fails?: (plan: RunPlan, at: "prepare" | "start") => Error | null;
}

/**
 * A runtime whose programs are only what files say of them: they go on when the service is killed, need no process, and
 * every start is written down, so that a test finds a second one.
 */
export function fakeRuntime({
  folder,
  now,
  onStart = async () => {},
  fails = () => null,
}: FakeRuntimeOptions): Runtime {
  const place = (plan: RunPlan, host: string, ...below: string[]) => join(folder, plan.jobId, host, ...below);

  async function observe(plan: RunPlan): Promise<readonly InstanceState[]> {
    return Promise.all(plan.hosts.map((host) => stateOf((file) => place(plan, host, file), now())));
  }

  const refuse = (plan: RunPlan, at: "prepare" | "start") => {
    const error = fails(plan, at);
    if (error !== null) throw error;
  };

  return {
    name: "fake",
    async prepare(plan, { signal }) {
      signal.throwIfAborted();
      refuse(plan, "prepare");
      return { imageDigest: `sha256:${plan.image}` };
    },
    async folders(plan) {
      return Promise.all(
        plan.hosts.map(async (host): Promise<InstanceFolder> => {
          const ml = place(plan, host, "ml");
          if ((await read(place(plan, host, STATES.started))) === null)
            await rm(ml, { recursive: true, force: true });
          for (const part of ["config", "output", "processing"])
            await mkdir(join(ml, part), { recursive: true });
          return { host, ml, transfer: place(plan, host, "transfer"), owner: null, copyBelow: ["/opt/ml"] };
        }),
      );
    },
    async start(plan) {
      refuse(plan, "start");
      await Promise.all(
        plan.hosts.map(async (host) => {
          const isFirst = await startOne((...below) => place(plan, host, ...below), { plan, now: now() });
          if (isFirst) await onStart(plan, host);
        }),
      );
    },
    observe,
    watch(plan, onChange) {
      let seen = "";
      let isLooking = false;
      const look = async () => {
        const states = JSON.stringify(await observe(plan));
        if (seen !== "" && states !== seen) onChange();
        seen = states;
        isLooking = false;
      };
      const timer = setInterval(() => {
        if (isLooking) return;
        isLooking = true;
        look().catch(onChange);
      }, LOOK);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
    async signal(plan, signal) {
      for (const [i, state] of (await observe(plan)).entries()) {
        const host = plan.hosts[i] ?? "";
        if (state.kind === "running")
          await writeOnce(
            place(plan, host, STATES[signal === "SIGTERM" ? "sigterm" : "sigkill"]),
            String(now()),
          );
      }
    },
    async remove(plan) {
      await rm(join(folder, plan.jobId), { recursive: true, force: true });
    },
    async sweep(jobIds) {
      for (const jobId of await readdir(folder)) {
        if (!jobIds.has(jobId)) await rm(join(folder, jobId), { recursive: true, force: true });
      }
    },
  };
}

/** As if its supervisor had been killed. */
export async function loseFakeInstance(folder: string, plan: RunPlan, host: string): Promise<void> {
  await writeOnce(join(folder, plan.jobId, host, STATES.lost), "lost");
}

export function fakeProgram(program: FakeProgram): Pick<RunPlan, "entrypoint" | "arguments"> {
  return { entrypoint: ["fake"], arguments: [JSON.stringify(program)] };
}

async function startOne(
  place: (...below: string[]) => string,
  { plan, now }: { readonly plan: RunPlan; readonly now: number },
): Promise<boolean> {
  const { runs, exitCode = 0, outOf, ignoresSigterm = false, writes = {} } = programOf(plan);
  const started: Started = {
    startedAt: now,
    endsAt: runs === undefined ? null : now + runs,
    exitCode,
    limit: outOf === undefined ? {} : { [outOf === "memory" ? "outOfMemory" : "outOfDisk"]: true },
    ignoresSigterm,
  };
  if (!(await writeOnce(place(STATES.started), JSON.stringify(started)))) return false;
  await appendFile(place("ml", "output", "starts"), "started\n");
  for (const [path, content] of Object.entries(writes)) await writeFile(place("ml", path), content);
  return true;
}

function programOf(plan: RunPlan): FakeProgram {
  return JSON.parse(plan.arguments[0] ?? "{}");
}

async function stateOf(place: (file: string) => string, now: number): Promise<InstanceState> {
  const text = await read(place(STATES.started));
  if (text === null) return { kind: "absent" };
  const { startedAt, endsAt, exitCode, limit, ignoresSigterm }: Started = JSON.parse(text);
  const sigterm = ignoresSigterm ? null : await read(place(STATES.sigterm));
  const sigkill = await read(place(STATES.sigkill));
  const ends = [
    ...(endsAt === null ? [] : [{ endedAt: endsAt, exitCode, ...limit }]),
    ...(sigterm === null ? [] : [{ endedAt: Number(sigterm), exitCode: 143 }]),
    ...(sigkill === null ? [] : [{ endedAt: Number(sigkill), exitCode: 137 }]),
  ].sort((a, b) => a.endedAt - b.endedAt);
  const end = ends[0];
  if (end !== undefined && end.endedAt <= now) return { kind: "exited", startedAt, ...end };
  return (await read(place(STATES.lost))) === null ? { kind: "running", startedAt } : { kind: "disappeared" };
}

/** The file's text, or null when there is none. */
async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Whole or not at all, whenever the writer is killed; false when it is there already. */
async function writeOnce(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, content);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(temporary);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
