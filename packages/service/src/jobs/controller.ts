import { FieldmarkError } from "@fieldmark/contract";

import type { JobRecord, JobStore, Lease } from "../store/job-store.ts";
import { errorReason } from "./failure-reason.ts";
import { JobLife } from "./job-life.ts";
import { makeRunPlan, type PlanSettings } from "./make-run-plan.ts";
import { type RunJobDeps, runJob } from "./run-job.ts";
import { Slots } from "./slots.ts";
import { Wakeup } from "./wakeup.ts";

/** ms; a lease is renewed three times before it ends */
const LEASE = 30_000;
const RENEW = LEASE / 3;
/** ms between looks for jobs and logs whose retention is over */
const PURGE = 3_600_000;
/** Records deleted in one transaction, so that requests come in between. */
const PURGE_BATCH = 200;
/** ms until something that failed for reasons of ours is tried again: doubled from the first to the last */
const RETRY = { first: 500, last: 30_000 } as const;
/** Times that a job is taken up again before it is ended for reasons of ours. */
const ATTEMPTS = 3;
/** Jobs that stage or upload at once. */
const TRANSFERS = 8;

export interface ControllerOptions extends Omit<RunJobDeps, "transfers"> {
  readonly store: JobStore;
  /** Names this service among those that share a store; the same after a restart, so that it adopts its own jobs at once. */
  readonly owner: string;
  readonly settings: PlanSettings;
  /** Instances that run at once. */
  readonly maxInstances: number;
  /** ms that finished jobs and their logs are kept */
  readonly retention: number;
  /** Told of what went wrong for reasons of ours; `jobName` where it was one job's. */
  readonly onProblem: (error: unknown, jobName: string | null) => void;
}

interface ActiveJob {
  /** 0 for a job that was stopped in the queue */
  readonly instances: number;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Takes jobs from the queue by arrival while instances are free, works on each until its end, and adopts those that an
 * earlier service left. It keeps nothing that it could not find again.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #deps: RunJobDeps;
  readonly #active = new Map<string, ActiveJob>();
  readonly #wakeup = new Wakeup();
  readonly #closing = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #renewAt = 0;
  #purgeAt = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#deps = { ...options, transfers: new Slots(TRANSFERS) };
  }

  /** Begins to work; returns at once. */
  start(): void {
    this.#loop = this.#reconcile();
  }

  /** Something was recorded that may concern it: a job, a stop. */
  wake(): void {
    this.#wakeup.notify();
  }

  /** Instances that run or are about to. */
  get busyInstances(): number {
    return [...this.#active.values()].reduce((sum, { instances }) => sum + instances, 0);
  }

  /** Lets go of all jobs, not ending any: their programs go on, and the next service adopts them. */
  async close(): Promise<void> {
    this.#closing.abort(new FieldmarkError("INTERRUPTED", "the service is ending"));
    await this.#loop;
    await Promise.all([...this.#active.values()].map(({ done }) => done));
    await this.#options.store.release(this.#options.owner);
  }

  async #reconcile(): Promise<void> {
    const { signal } = this.#closing;
    await this.#untilItWorks(null, async () => {
      await this.#options.runtime.sweep(await this.#options.store.unfinished());
    });
    while (!signal.aborted) {
      await this.#untilItWorks(null, () => this.#pass());
      await this.#wakeup.wait(Math.min(this.#renewAt, this.#purgeAt) - this.#options.now(), signal);
    }
  }

  async #pass(): Promise<void> {
    const { store, maxInstances, now } = this.#options;
    if (now() >= this.#renewAt) {
      await store.renew(this.#lease());
      for (const job of await store.adopt(this.#lease())) this.#work(job);
      this.#renewAt = now() + RENEW;
    }
    for (const [id, { stop }] of this.#active) {
      if (!stop.signal.aborted && (await store.getById(id))?.status === "Stopping") stop.abort();
    }
    while (!this.#closing.signal.aborted) {
      const job = await store.claim(this.#lease(), maxInstances - this.busyInstances);
      if (job === null) break;
      this.#work(job);
    }
    if (now() >= this.#purgeAt) {
      await this.#purge();
      this.#purgeAt = now() + PURGE;
    }
  }

  #work(job: JobRecord): void {
    if (this.#active.has(job.id)) return;
    const stop = new AbortController();
    const isStopped = job.status === "Stopping";
    if (isStopped) stop.abort();
    const done = this.#liveOn(job, stop.signal).finally(() => {
      this.#active.delete(job.id);
      this.wake();
    });
    this.#active.set(job.id, {
      instances: isStopped && job.phase === "preparing" ? 0 : job.instanceCount,
      stop,
      done,
    });
  }

  /**
   * An error of one job is the end of that job; only where that cannot be recorded the job is taken up again. One that
   * never gets as far as its end, because its runtime fails at every look, is ended here.
   */
  async #liveOn(job: JobRecord, stop: AbortSignal): Promise<void> {
    const { store, settings, runtime } = this.#options;
    const failures: unknown[] = [];
    await this.#untilItWorks(job.name, async () => {
      const record = await store.getById(job.id);
      if (record === null || record.endedAt !== null) return;
      const life = new JobLife(record, this.#options);
      try {
        if (failures.length < ATTEMPTS) {
          const signals = { stop, closing: this.#closing.signal };
          this.#report(await runJob(life, makeRunPlan(record, settings), this.#deps, signals), job.name);
          return;
        }
        await life.end({ status: "Failed", failureReason: errorReason(failures[0]) });
        await runtime.remove(makeRunPlan(record, settings));
      } catch (error) {
        if (life.isRecordable) failures.push(error);
        throw error;
      }
    });
  }

  /** What is wrong with a request or its data stands in the job's record, and nowhere else. */
  #report(problem: unknown, jobName: string): void {
    const isTheirs = problem instanceof FieldmarkError && problem.fault === "input";
    if (problem !== null && !isTheirs) this.#options.onProblem(problem, jobName);
  }

  async #purge(): Promise<void> {
    const { store, logs, retention, now } = this.#options;
    const before = now() - retention;
    while ((await store.purge(before, PURGE_BATCH)) === PURGE_BATCH) this.#closing.signal.throwIfAborted();
    await logs.removeEndedBefore(before);
  }

  /** Tries again what failed, ever more slowly; gives up when the service ends or the job is another's. Never throws. */
  async #untilItWorks(jobName: string | null, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    for (let pause: number = RETRY.first; !signal.aborted; pause = Math.min(2 * pause, RETRY.last)) {
      try {
        await work();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onProblem(error, jobName);
        if (error instanceof FieldmarkError && error.code === "LEASE_LOST") return;
      }
      await new Wakeup().wait(pause, signal);
    }
  }

  #lease(): Lease {
    const now = this.#options.now();
    return { owner: this.#options.owner, now, until: now + LEASE };
  }
}
