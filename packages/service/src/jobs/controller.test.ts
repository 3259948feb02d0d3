import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { fakeRuntime, loseFakeInstance } from "../runtimes/fake/fake-runtime.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import type { JobStore } from "../store/job-store.ts";
import { openSqliteJobStore } from "../store/sqlite/sqlite-job-store.ts";
import { Controller, type ControllerOptions } from "./controller.ts";
import { job, linesAsLogs, MACHINE, untilEnded, untilPhase, writtenTransfer } from "./jobs.test.kit.ts";
import { makeRunPlan } from "./make-run-plan.ts";

let folder = "";
let instances = "";
let store: JobStore;
let running: Controller[] = [];
let problems: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-jobs-"));
  instances = await mkdtemp(join(folder, "instances-"));
  store = openSqliteJobStore(join(folder, "jobs.sqlite"), {
    random: (limit) => Math.floor(Math.random() * limit),
  });
  running = [];
  problems = [];
});
afterEach(async () => {
  for (const controller of running) await controller.close();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function controller(changes: Partial<ControllerOptions> = {}): Controller {
  const made = new Controller({
    store,
    owner: "test",
    settings: MACHINE,
    maxInstances: 4,
    retention: 86_400_000,
    runtime: fakeRuntime({ folder: instances, now: Date.now }),
    transfer: writtenTransfer(join(folder, "transfers")),
    logs: linesAsLogs(["Traceback (most recent call last):", "ValueError: no birds"]),
    endpoint: async () => "http://127.0.0.1:4599",
    now: Date.now,
    onProblem: (error) => problems.push(error),
    ...changes,
  });
  running.push(made);
  made.start();
  return made;
}

/** The time of a controller and of its programs, which passes by itself and can be moved on. */
function shiftedClock() {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const advance = (milliseconds: number) => {
    ahead += milliseconds;
  };
  return { now, advance, options: { now, runtime: fakeRuntime({ folder: instances, now }) } };
}

async function submit(made: Controller, ...args: Parameters<typeof job>): Promise<void> {
  await store.insert(job(...args));
  made.wake();
}

const transfersOf = async (id: string) =>
  (await readFile(join(folder, "transfers", id), "utf8")).trim().split("\n");

describe("a job", () => {
  test("goes through all phases in order, and nothing is left of it", async () => {
    await submit(controller(), "a", { runs: 20, writes: { "output/message": "all birds counted" } });
    const ended = await untilEnded(store, "a");
    expect(ended).toMatchObject({
      status: "Completed",
      exitMessage: "all birds counted",
      failureReason: null,
    });
    const transitions = await store.transitions(ended.id);
    expect(transitions.map(({ phase }) => phase)).toEqual([
      "queued",
      "preparing",
      "staging",
      "starting",
      "running",
      "uploading",
      "ended",
    ]);
    expect(await transfersOf(ended.id)).toEqual(["stage", "release", "upload"]);
    await running[0]?.close();
    expect(await readdir(instances)).toEqual([]);
    expect(problems).toEqual([]);
  });

  test("that fails is told by its last lines and its code, and its outputs are uploaded", async () => {
    await submit(controller(), "a", { runs: 1, exitCode: 3 });
    const ended = await untilEnded(store, "a");
    expect(ended).toMatchObject({ status: "Failed", exitMessage: null });
    expect(ended.failureReason).toBe(
      "AlgorithmError: Traceback (most recent call last):\nValueError: no birds, exit code: 3",
    );
    expect(await transfersOf(ended.id)).toContain("upload");
  });

  test("whose input is missing fails without having run, in the client's name", async () => {
    const missing = new FieldmarkError("INPUT_NOT_FOUND", "s3://birds/nowhere matches no object");
    await submit(
      controller({
        transfer: writtenTransfer(join(folder, "transfers"), (what) => (what === "stage" ? missing : null)),
      }),
      "a",
      {},
    );
    const ended = await untilEnded(store, "a");
    expect(ended).toMatchObject({
      status: "Failed",
      failureReason: "ClientError: s3://birds/nowhere matches no object",
      startedAt: null,
    });
    expect(problems).toEqual([]);
  });

  test("whose outputs cannot be uploaded fails with the reason, but not instead of its program's", async () => {
    const broken = new FieldmarkError("OUTPUT_FAILED", "output evaluation: no bucket");
    const made = controller({
      transfer: writtenTransfer(join(folder, "transfers"), (what) => (what === "upload" ? broken : null)),
    });
    await submit(made, "a", { runs: 1 });
    await submit(made, "b", { runs: 1, exitCode: 2 });
    expect((await untilEnded(store, "a")).failureReason).toBe("ClientError: output evaluation: no bucket");
    expect((await untilEnded(store, "b")).failureReason).toMatch(/^AlgorithmError: .*exit code: 2$/s);
  });

  test.each(["prepare", "start"] as const)(
    "that its runtime refuses at %s fails, and the next one runs",
    async (at) => {
      const refusal = new FieldmarkError("RUNTIME_REFUSED", "no namespaces here");
      const runtime = fakeRuntime({
        folder: instances,
        now: Date.now,
        fails: (plan, step) => (step === at && plan.jobName === "a" ? refusal : null),
      });
      const made = controller({ runtime });
      await submit(made, "a", {});
      await submit(made, "b", { runs: 1 });
      expect(await untilEnded(store, "a")).toMatchObject({
        status: "Failed",
        failureReason: "InternalServerError: no namespaces here",
      });
      expect(await untilEnded(store, "b")).toMatchObject({ status: "Completed" });
      await made.close();
      expect(problems).toEqual([refusal]);
    },
  );

  test("that a defect hits ends with InternalServerError, is told to the log, and the next one runs", async () => {
    const whole = fakeRuntime({ folder: instances, now: Date.now });
    const runtime: Runtime = {
      ...whole,
      observe: async (plan) => {
        if (plan.jobName === "a") throw new TypeError("undefined is not a function");
        return whole.observe(plan);
      },
    };
    const made = controller({ runtime });
    await submit(made, "a", {});
    await submit(made, "b", { runs: 1 });
    expect(await untilEnded(store, "b")).toMatchObject({ status: "Completed" });
    expect(await untilEnded(store, "a")).toMatchObject({
      status: "Failed",
      failureReason: "InternalServerError: undefined is not a function",
    });
    expect(problems.length).toBeGreaterThan(0);
  });

  test.each([
    ["memory", "out of memory: the instance used its limit of 6.4 GiB"],
    ["disk", "disk full: the instance wrote more than its limit of 1 GiB"],
  ] as const)("that used up its %s says so with the limit", async (outOf, said) => {
    await submit(controller(), "a", { runs: 1, exitCode: 137, outOf });
    expect((await untilEnded(store, "a")).failureReason).toContain(said);
  });
});

describe("a stop", () => {
  test("ends a running program with SIGTERM, and its outputs are uploaded", async () => {
    const made = controller();
    await submit(made, "a", {});
    const { id } = await untilPhase(store, "a", "running");
    await store.requestStop("a", Date.now());
    made.wake();
    expect(await untilEnded(store, "a")).toMatchObject({ status: "Stopped", failureReason: null });
    expect(await transfersOf(id)).toContain("upload");
  });

  test("ends a job in the queue at once, also while others run", async () => {
    const made = controller({ maxInstances: 1 });
    await submit(made, "runs", {});
    await untilPhase(store, "runs", "running");
    await submit(made, "waits", {});
    await store.requestStop("waits", Date.now());
    made.wake();
    expect(await untilEnded(store, "waits")).toMatchObject({ status: "Stopped", startedAt: null });
    expect(await store.get("runs")).toMatchObject({ status: "InProgress" });
    await store.requestStop("runs", Date.now());
    made.wake();
    await untilEnded(store, "runs");
  });

  test("ends a job while it is staged", async () => {
    const transfer = writtenTransfer(join(folder, "transfers"));
    const made = controller({
      transfer: {
        ...transfer,
        stage: (_plan, _folders, signal) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
    });
    await submit(made, "a", {});
    await untilPhase(store, "a", "staging");
    await store.requestStop("a", Date.now());
    made.wake();
    expect(await untilEnded(store, "a")).toMatchObject({ status: "Stopped", startedAt: null });
  });

  test("comes by itself at MaxRuntimeInSeconds", async () => {
    await submit(controller(), "a", {}, { seconds: 1 });
    const ended = await untilEnded(store, "a");
    expect(ended.status).toBe("Stopped");
    expect(await transfersOf(ended.id)).toContain("upload");
    expect((await store.transitions(ended.id)).map(({ note }) => note)).toContain(
      "MaxRuntimeInSeconds (1) is over",
    );
  });

  test("kills what ignores SIGTERM, 120 s later", async () => {
    const { now, advance, options } = shiftedClock();
    const made = controller(options);
    await submit(made, "a", { ignoresSigterm: true });
    await untilPhase(store, "a", "running");
    await store.requestStop("a", now());
    made.wake();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await store.get("a")).toMatchObject({ status: "Stopping" });
    advance(121_000);
    expect(await untilEnded(store, "a")).toMatchObject({ status: "Stopped" });
  });
});

describe("instances", () => {
  test("one that fails ends the others, and is the reason", async () => {
    const whole = fakeRuntime({ folder: instances, now: Date.now });
    const runtime: Runtime = {
      ...whole,
      start: async (plan, access) => {
        await whole.start(
          { ...plan, hosts: plan.hosts.slice(1), arguments: ['{"runs":30,"exitCode":7}'] },
          access,
        );
        await whole.start(plan, access);
      },
    };
    await submit(controller({ runtime }), "a", {}, { instances: 2 });
    expect((await untilEnded(store, "a")).failureReason).toMatch(/exit code: 7$/);
  });

  test("one that disappeared fails the job, outputs uploaded", async () => {
    await submit(controller(), "a", {}, { instances: 2 });
    const record = await untilPhase(store, "a", "running");
    await loseFakeInstance(instances, makeRunPlan(record, MACHINE), "algo-2");
    const ended = await untilEnded(store, "a");
    expect(ended).toMatchObject({
      status: "Failed",
      failureReason: "InternalServerError: instance algo-2 disappeared",
    });
    expect(await transfersOf(ended.id)).toContain("upload");
  });

  test("no more run at once than there are, and a large job is not overtaken", async () => {
    const made = controller({ maxInstances: 3 });
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, made.busyInstances);
    }, 1);
    await Promise.all([
      store.insert(job("first", { runs: 50 }, { instances: 2 })),
      store.insert(job("large", { runs: 50 }, { instances: 3 })),
      ...Array.from({ length: 20 }, (_, i) => store.insert(job(`small-${i}`, { runs: 5 }))),
    ]);
    made.wake();
    const ended = await Promise.all(
      ["first", "large", ...Array.from({ length: 20 }, (_, i) => `small-${i}`)].map((name) =>
        untilEnded(store, name),
      ),
    );
    clearInterval(looking);
    expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 22 }, () => "Completed"));
    expect(most).toBe(3);
    const starts = ended.map(({ startedAt }) => startedAt ?? 0);
    expect(starts[1]).toBeGreaterThanOrEqual(starts[0] ?? 0);
    expect(Math.min(...starts.slice(2))).toBeGreaterThanOrEqual(starts[1] ?? 0);
    await made.close();
    expect(await readdir(instances)).toEqual([]);
  });
});

describe("a restart", () => {
  test("leaves running jobs, adopts them, and they end once", async () => {
    const clock = shiftedClock();
    const first = controller(clock.options);
    await submit(first, "a", { runs: 60_000, exitCode: 0 });
    const { id } = await untilPhase(store, "a", "running");
    await first.close();
    expect(await store.get("a")).toMatchObject({ status: "InProgress", phase: "running" });
    clock.advance(60_000);
    controller(clock.options);
    expect(await untilEnded(store, "a")).toMatchObject({ status: "Completed" });
    expect(await transfersOf(id)).toEqual(["stage", "release", "upload"]);
  });

  test("finds a stop that was asked for meanwhile, and one that came too late", async () => {
    const clock = shiftedClock();
    const first = controller(clock.options);
    await submit(first, "runs", {});
    await submit(first, "over", { runs: 60_000 });
    await untilPhase(store, "runs", "running");
    await untilPhase(store, "over", "running");
    await first.close();
    clock.advance(60_001);
    await store.requestStop("runs", clock.now());
    await store.requestStop("over", clock.now());
    controller(clock.options);
    expect(await untilEnded(store, "runs")).toMatchObject({ status: "Stopped" });
    expect(await untilEnded(store, "over")).toMatchObject({ status: "Completed" });
  });

  test("removes what is left of jobs that are not known", async () => {
    const runtime = fakeRuntime({ folder: instances, now: Date.now });
    const left = makeRunPlan({ ...(await store.insert(job("a", { runs: 1 }))), id: "unknown" }, MACHINE);
    await runtime.folders(left);
    controller();
    await untilEnded(store, "a");
    expect(await readdir(instances)).not.toContain("unknown");
  });
});

test("jobs whose retention is over are deleted at the start", async () => {
  const first = controller();
  await submit(first, "old", { runs: 1 });
  await untilEnded(store, "old");
  await first.close();
  controller({ retention: -1_000 });
  while ((await store.get("old")) !== null) await new Promise((resolve) => setTimeout(resolve, 5));
});
