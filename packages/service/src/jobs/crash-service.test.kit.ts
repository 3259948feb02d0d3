import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { fakeRuntime } from "../runtimes/fake/fake-runtime.ts";
import type { JobStore } from "../store/job-store.ts";
import { openSqliteJobStore } from "../store/sqlite/sqlite-job-store.ts";
import { Controller } from "./controller.ts";
import { job, linesAsLogs, MACHINE, untilEnded, writtenTransfer } from "./jobs.test.kit.ts";

/** Where the service of the crash test keeps things below its folder. */
export const PLACES = {
  store: "jobs.sqlite",
  instances: "instances",
  transfers: "transfers",
  starts: "starts",
} as const;

/** Exit code of a job's program, told by its name `<run>-<number>`, so that its end can be checked. */
export const exitCodeOf = (name: string) => Number(name.split("-")[1]) % 3;
/** Some jobs have two instances, some are asked to stop. */
const instancesOf = (number: number) => (number % 5 === 0 ? 2 : 1);
const isStopped = (number: number) => number % 4 === 1;

export function openStore(folder: string): JobStore {
  return openSqliteJobStore(join(folder, PLACES.store), {
    random: (limit) => Math.floor(Math.random() * limit),
  });
}

/**
 * The process that the crash test kills: a controller over SQLite and the fake runtime. It records jobs, prints `accepted
 * NAME` for each when it is durable, and waits; the last run (`jobs` 0) prints `ended` when all of `wait` have ended.
 */
export async function crashService({
  folder,
  run,
  jobs,
  wait,
}: {
  folder: string;
  run: string;
  jobs: number;
  wait: readonly string[];
}): Promise<void> {
  await mkdir(join(folder, PLACES.instances), { recursive: true });
  const store = openStore(folder);
  const runtime = fakeRuntime({
    folder: join(folder, PLACES.instances),
    now: Date.now,
    onStart: ({ jobId }, host) => appendFile(join(folder, PLACES.starts), `${jobId} ${host}\n`),
  });
  const controller = new Controller({
    store,
    owner: "crash-test",
    settings: MACHINE,
    maxInstances: 4,
    retention: 86_400_000,
    runtime,
    transfer: writtenTransfer(join(folder, PLACES.transfers)),
    logs: linesAsLogs(["the last line"]),
    endpoint: async () => "http://127.0.0.1:4599",
    now: Date.now,
    onProblem: (error, name) =>
      process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`),
  });
  controller.start();
  process.stdout.write("ready\n");
  await Promise.all(
    Array.from({ length: jobs }, async (_, number) => {
      const name = `${run}-${number}`;
      await store.insert(
        job(
          name,
          { runs: (number * 37) % 120, exitCode: exitCodeOf(name) },
          { instances: instancesOf(number) },
        ),
      );
      process.stdout.write(`accepted ${name}\n`);
      controller.wake();
      if (!isStopped(number)) return;
      await store.requestStop(name, Date.now());
      controller.wake();
    }),
  );
  if (jobs > 0) return;
  for (const name of wait) await untilEnded(store, name);
  await controller.close();
  await store[Symbol.asyncDispose]();
  process.stdout.write("ended\n");
}
