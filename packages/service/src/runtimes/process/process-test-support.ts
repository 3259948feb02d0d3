import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Environments } from "../../environments/environments.ts";
import { anyRunPlan } from "../../jobs/run-plan.test.kit.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import type { InstanceState, JobAccess } from "../runtime.ts";
import { openProcessRuntime, type ProcessRuntime, type ProcessRuntimeOptions } from "./process-runtime.ts";
import { type Recipe, tryRecipes } from "./recipes.ts";

const PYTHON = "/usr/bin/python3";

/** False, and said, on a machine whose Python cannot stand for an image: a `ProcessWorld` needs one. */
export const hasPython = spawnSync(PYTHON, ["-c", ""]).status === 0;
if (!hasPython) process.stdout.write(`skipped: instances as processes (there is no ${PYTHON} that runs)\n`);

/** A data folder with a Python environment for images `test/…` and a runtime on it. */
export class ProcessWorld implements AsyncDisposable {
  readonly dataFolder: string;
  readonly environments: Environments;
  readonly runtime: ProcessRuntime;
  readonly #loops: AbortController;
  readonly #plans: RunPlan[] = [];

  private constructor(
    dataFolder: string,
    environments: Environments,
    runtime: ProcessRuntime,
    loops: AbortController,
  ) {
    this.dataFolder = dataFolder;
    this.environments = environments;
    this.runtime = runtime;
    this.#loops = loops;
  }

  static async open(
    options: Partial<ProcessRuntimeOptions> & {
      readonly below?: string;
      /** Only these tools are tried. */
      readonly tools?: readonly Recipe["tool"][];
    } = {},
  ): Promise<ProcessWorld> {
    const dataFolder = await mkdtemp(join(options.below ?? tmpdir(), "fieldmark-process-"));
    await mkdir(join(dataFolder, "jobs"), { mode: 0o700 });
    const loops = new AbortController();
    const env = options.env ?? { PATH: "/usr/bin:/bin" };
    const environments = options.environments ?? new Environments(dataFolder, { evaluator: null, env });
    await environments.add(
      { name: "host", images: ["test/*"], python: PYTHON },
      { signal: loops.signal, onProgress: () => {} },
    );
    const logsFolder = join(dataFolder, "logs");
    const runtime = await openProcessRuntime({
      dataFolder,
      logsFolder,
      env,
      signal: loops.signal,
      ...options,
      environments,
      ...(options.tools === undefined
        ? {}
        : { recipes: await tryRecipes(dataFolder, { tools: options.tools }) }),
    });
    return new ProcessWorld(dataFolder, environments, runtime, loops);
  }

  /** A second runtime on the same folder, as after a restart of the service. */
  async reopen(): Promise<ProcessRuntime> {
    const { dataFolder, environments } = this;
    return await openProcessRuntime({
      dataFolder,
      logsFolder: join(dataFolder, "logs"),
      environments,
      env: {},
      signal: this.#loops.signal,
      recipes: this.runtime.recipes,
    });
  }

  plan(script: string, more: Partial<RunPlan> = {}): RunPlan {
    const plan = testPlan(script, more);
    this.#plans.push(plan);
    return plan;
  }

  /** Folders, start, end. */
  async run(plan: RunPlan, access: JobAccess | null = null): Promise<readonly InstanceState[]> {
    await this.runtime.folders(plan);
    await this.runtime.start(plan, access);
    return await this.ended(plan);
  }

  async ended(plan: RunPlan): Promise<readonly InstanceState[]> {
    for (;;) {
      const states = await this.runtime.observe(plan);
      if (states.every(({ kind }) => kind !== "running")) return states;
      await pause(10);
    }
  }

  /** Runs a script and answers what it printed. */
  async output(
    script: string,
    more: Partial<RunPlan> = {},
    access: JobAccess | null = null,
  ): Promise<string> {
    const plan = this.plan(script, more);
    await this.run(plan, access);
    return await this.log(plan);
  }

  async log(plan: RunPlan, index = 0): Promise<string> {
    return await readFile(logFile(join(this.dataFolder, "logs"), plan.logStreams[index] ?? ""), "utf8");
  }

  /** Waits until the program printed the text. */
  async printed(plan: RunPlan, text: string, index = 0): Promise<void> {
    for (;;) {
      if ((await this.log(plan, index).catch(() => "")).includes(text)) return;
      await pause(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const plan of this.#plans) await this.runtime.remove(plan);
    this.#loops.abort();
    await rm(this.dataFolder, { recursive: true, force: true });
  }
}

let count = 0;

function testPlan(script: string, more: Partial<RunPlan> = {}): RunPlan {
  count += 1;
  return anyRunPlan({
    jobId: `test${process.pid}x${count}`,
    entrypoint: ["/bin/sh", "-c", script],
    ...more,
  });
}
