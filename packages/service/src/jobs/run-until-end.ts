import type { InstanceState, Runtime } from "../runtimes/runtime.ts";
import type { JobLife } from "./job-life.ts";
import type { RunPlan } from "./run-plan.ts";
import { Wakeup } from "./wakeup.ts";

/** ms between SIGTERM and SIGKILL, as SageMaker gives a program */
const GRACE = 120_000;
/** ms; a runtime's `watch` is a hint that may get lost */
const LOOK_AGAIN = 1_000;

export interface RunUntilEndOptions {
  readonly runtime: Runtime;
  readonly life: JobLife;
  /** Somebody asked to stop the job. */
  readonly stop: AbortSignal;
  /** The service ends; the instances go on. */
  readonly closing: AbortSignal;
  /** epoch milliseconds */
  readonly now: () => number;
}

const isOver = ({ kind }: InstanceState) => kind === "exited" || kind === "disappeared";
const hasFailed = (state: InstanceState) =>
  state.kind === "disappeared" || (state.kind === "exited" && state.exitCode !== 0);

/**
 * Waits until no instance runs. A stop, the job's time being up, or the failure of one instance end all of them: SIGTERM,
 * and SIGKILL to those that are there 120 s later. Called again after a restart it goes on; the grace begins anew.
 *
 * @throws the reason of `closing`
 */
export async function runUntilEnd(
  plan: RunPlan,
  options: RunUntilEndOptions,
): Promise<readonly InstanceState[]> {
  const { runtime, life, stop, closing, now } = options;
  const changed = new Wakeup();
  using _watching = runtime.watch(plan, () => changed.notify());
  const onStop = () => changed.notify();
  stop.addEventListener("abort", onStop);
  let killAt: number | null = null;
  try {
    for (;;) {
      closing.throwIfAborted();
      const states = await runtime.observe(plan);
      life.advance("running", { startedAt: startOf(states, now()) });
      if (states.every(isOver)) return states;
      // An instance that is absent now was started once: whoever looks after it removed what there was of it.
      if (!states.some(({ kind }) => kind === "running")) return states.map(asGone);
      const deadline = startOf(states, now()) + plan.limits.maxRuntimeSeconds * 1_000;
      if (now() >= deadline && life.record.status === "InProgress") {
        life.add({
          status: "Stopping",
          note: `MaxRuntimeInSeconds (${plan.limits.maxRuntimeSeconds}) is over`,
        });
        await life.recorded();
      }
      if (killAt === null && (stop.aborted || life.record.status === "Stopping" || states.some(hasFailed))) {
        killAt = now() + GRACE;
        await runtime.signal(plan, "SIGTERM");
      } else if (killAt !== null && now() >= killAt) {
        await runtime.signal(plan, "SIGKILL");
      }
      const next = killAt === null ? deadline : Math.max(killAt, now() + LOOK_AGAIN);
      await changed.wait(Math.min(LOOK_AGAIN, next - now()), closing);
    }
  } finally {
    stop.removeEventListener("abort", onStop);
  }
}

/** When the first instance began: the job's ProcessingStartTime. */
function startOf(states: readonly InstanceState[], otherwise: number): number {
  const starts = states.flatMap((state) => ("startedAt" in state ? [state.startedAt] : []));
  return starts.length === 0 ? otherwise : Math.min(...starts);
}

function asGone(state: InstanceState): InstanceState {
  return isOver(state) ? state : { kind: "disappeared" };
}
