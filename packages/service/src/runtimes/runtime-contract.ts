import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";

import type { RunPlan } from "../jobs/run-plan.ts";
import type { InstanceState, JobAccess, Runtime } from "./runtime.ts";

/**
 * Programs that the suite runs. Each adds a line to /opt/ml/output/starts when it starts; `touch` leaves
 * /opt/ml/processing/made besides.
 */
export type ContractProgram =
  | "exits 0"
  | "exits 3"
  | "touches and exits 0"
  | "runs until SIGTERM"
  | "ignores SIGTERM";

export interface RuntimeFixture extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Another runtime over the same folders, as a restarted service has. */
  reopen(): Promise<Runtime>;
  /** A plan of a job of its own that runs this program. */
  plan(program: ContractProgram, changes?: { readonly hosts?: readonly string[] }): RunPlan;
  /** Ends an instance, and whatever would record its end, as a reboot does. */
  lose(plan: RunPlan, host: string): Promise<void>;
}

const ACCESS: JobAccess = {
  endpoint: "http://127.0.0.1:9",
  region: "us-east-1",
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "secret",
  sessionToken: "token",
};

/** Every Runtime must pass these. */
export function runtimeContract(name: string, open: () => Promise<RuntimeFixture>): void {
  const check = (what: string, body: (fixture: RuntimeFixture) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using fixture = await open();
      await body(fixture);
    });

  check("an instance is absent, runs, and has exited with its code", async ({ runtime, plan }) => {
    const job = plan("exits 3");
    expect(await runtime.observe(job)).toEqual([{ kind: "absent" }]);
    await begin(runtime, job);
    const [state] = await ended(runtime, job);
    expect(state).toMatchObject({ kind: "exited", exitCode: 3 });
    if (state?.kind === "exited") expect(state.endedAt).toBeGreaterThanOrEqual(state.startedAt);
    await runtime.remove(job);
  });

  check("what a program leaves below /opt/ml is in its folder", async ({ runtime, plan }) => {
    const job = plan("touches and exits 0");
    await begin(runtime, job);
    expect(await ended(runtime, job)).toMatchObject([{ exitCode: 0 }]);
    const [folder] = await runtime.folders(job);
    expect(await readFile(join(folder?.ml ?? "", "processing", "made"), "utf8")).toBe("made\n");
    await runtime.remove(job);
  });

  check(
    "folders are there before the start, filled once, and emptied only as long as nothing was started",
    async ({ runtime, plan }) => {
      const job = plan("exits 0");
      const [first] = await runtime.folders(job);
      const left = join(first?.ml ?? "", "processing", "left");
      await writeFile(left, "by an interrupted call");
      await runtime.folders(job);
      await expect(readFile(left)).rejects.toMatchObject({ code: "ENOENT" });
      await writeFile(left, "input");
      await begin(runtime, job, { keepFolders: true });
      await ended(runtime, job);
      await runtime.folders(job);
      expect(await readFile(left, "utf8")).toBe("input");
      await runtime.remove(job);
    },
  );

  check(
    "started again, also by another service and at once, an instance is started once",
    async ({ runtime, plan, reopen }) => {
      const job = plan("touches and exits 0");
      await begin(runtime, job);
      const other = await reopen();
      await Promise.all([runtime.start(job, ACCESS), other.start(job, ACCESS)]);
      await ended(other, job);
      await other.start(job, ACCESS);
      await ended(other, job);
      expect(await starts(runtime, job)).toEqual([1]);
      await runtime.remove(job);
    },
  );

  check(
    "a running instance is found by another service, which ends it",
    async ({ runtime, plan, reopen }) => {
      const job = plan("runs until SIGTERM");
      await begin(runtime, job);
      await running(runtime, job);
      const other = await reopen();
      expect(await other.observe(job)).toMatchObject([{ kind: "running" }]);
      await other.signal(job, "SIGTERM");
      expect(await ended(other, job)).toMatchObject([{ kind: "exited", exitCode: 143 }]);
      await other.remove(job);
    },
  );

  check("SIGKILL ends what ignores SIGTERM", async ({ runtime, plan }) => {
    const job = plan("ignores SIGTERM");
    await begin(runtime, job);
    await running(runtime, job);
    await runtime.signal(job, "SIGTERM");
    await pause(200);
    expect(await runtime.observe(job)).toMatchObject([{ kind: "running" }]);
    await runtime.signal(job, "SIGKILL");
    expect(await ended(runtime, job)).toMatchObject([{ kind: "exited", exitCode: 137 }]);
    await runtime.signal(job, "SIGKILL");
    await runtime.remove(job);
  });

  check(
    "each host has an instance and a folder of its own, in the order of hosts",
    async ({ runtime, plan }) => {
      const job = plan("exits 3", { hosts: ["algo-1", "algo-2", "algo-3"] });
      const folders = await runtime.folders(job);
      expect(folders.map(({ host }) => host)).toEqual(job.hosts);
      expect(new Set(folders.map(({ ml }) => ml)).size).toBe(3);
      await begin(runtime, job);
      expect(await ended(runtime, job)).toMatchObject([{ exitCode: 3 }, { exitCode: 3 }, { exitCode: 3 }]);
      expect(await starts(runtime, job)).toEqual([1, 1, 1]);
      await runtime.remove(job);
    },
  );

  check(
    "an instance that is gone without a record has disappeared, and the others have not",
    async ({ runtime, plan, lose }) => {
      const job = plan("runs until SIGTERM", { hosts: ["algo-1", "algo-2"] });
      await begin(runtime, job);
      await running(runtime, job);
      await lose(job, "algo-2");
      await until(async () => (await runtime.observe(job))[1]?.kind === "disappeared");
      expect((await runtime.observe(job))[0]?.kind).toBe("running");
      await runtime.remove(job);
    },
  );

  check("watch says when an instance ends", async ({ runtime, plan }) => {
    const job = plan("runs until SIGTERM");
    await begin(runtime, job);
    await running(runtime, job);
    let changes = 0;
    using _watching = runtime.watch(job, () => {
      changes += 1;
    });
    await pause(100);
    await runtime.signal(job, "SIGTERM");
    await until(async () => changes > 0 && (await runtime.observe(job))[0]?.kind === "exited");
    await runtime.remove(job);
  });

  check("remove ends what runs and leaves nothing; there may be nothing", async ({ runtime, plan }) => {
    const job = plan("ignores SIGTERM");
    await runtime.remove(job);
    await begin(runtime, job);
    await running(runtime, job);
    const [folder] = await runtime.folders(job);
    await runtime.remove(job);
    expect(await runtime.observe(job)).toEqual([{ kind: "absent" }]);
    await expect(readFile(join(folder?.ml ?? "", "output", "starts"))).rejects.toMatchObject({
      code: "ENOENT",
    });
    await runtime.remove(job);
  });

  check("sweep removes what belongs to no job that is known, and nothing else", async ({ runtime, plan }) => {
    const known = plan("runs until SIGTERM");
    const unknown = plan("ignores SIGTERM");
    for (const job of [known, unknown]) {
      await begin(runtime, job);
      await running(runtime, job);
    }
    await runtime.sweep(new Set([known.jobId]));
    expect(await runtime.observe(unknown)).toEqual([{ kind: "absent" }]);
    expect(await runtime.observe(known)).toMatchObject([{ kind: "running" }]);
    await runtime.remove(known);
  });

  check("prepare may be broken off", async ({ runtime, plan }) => {
    const broken = AbortSignal.abort(new Error("stopped"));
    await expect(
      runtime.prepare(plan("exits 0"), { signal: broken, onProgress: () => {} }),
    ).rejects.toThrow();
  });
}

async function begin(runtime: Runtime, plan: RunPlan, { keepFolders = false } = {}): Promise<void> {
  await runtime.prepare(plan, { signal: new AbortController().signal, onProgress: () => {} });
  if (!keepFolders) await runtime.folders(plan);
  await runtime.start(plan, ACCESS);
}

const running = (runtime: Runtime, plan: RunPlan) =>
  until(async () => (await starts(runtime, plan)).every((count) => count > 0));

async function ended(runtime: Runtime, plan: RunPlan): Promise<readonly InstanceState[]> {
  await until(async () => (await runtime.observe(plan)).every(({ kind }) => kind === "exited"));
  return runtime.observe(plan);
}

/** How often each host's program was started. */
async function starts(runtime: Runtime, plan: RunPlan): Promise<readonly number[]> {
  const folders = await runtime.folders(plan);
  return Promise.all(
    folders.map(async ({ ml }) => {
      const lines = await readFile(join(ml, "output", "starts"), "utf8").catch(() => "");
      return lines.split("\n").length - 1;
    }),
  );
}

/** Looks until it is so; the test's own time limit ends it when it never is. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(10);
}
