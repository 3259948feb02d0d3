import type { InstanceState } from "../runtimes/runtime.ts";
import type { JobRecord } from "../store/job-store.ts";

type Exited = Extract<InstanceState, { readonly kind: "exited" }>;

/** What decides a job's end, of all that its instances did. */
export type Verdict =
  | { readonly kind: "completed" }
  | { readonly kind: "stopped" }
  | {
      readonly kind: "failed";
      readonly host: number;
      readonly exitCode: number;
      readonly outOf: "memory" | "disk" | null;
    }
  | { readonly kind: "disappeared"; readonly host: number };

/** Exit codes of SIGTERM and SIGKILL: of instances that were stopped because another one failed. */
const STOPPED_CODES: readonly number[] = [143, 137];

/**
 * Judges from what is recorded alone, so that a crash changes nothing. A job that was asked to stop is Stopped, unless its
 * programs had all ended before by themselves.
 */
export function judge(
  states: readonly InstanceState[],
  { stopRequestedAt }: Pick<JobRecord, "stopRequestedAt">,
): Verdict {
  const endedBefore = (state: InstanceState) =>
    state.kind === "exited" && state.endedAt < (stopRequestedAt ?? 0);
  if (stopRequestedAt !== null && !states.every(endedBefore)) return { kind: "stopped" };
  const failures = states
    .flatMap((state, host) => (state.kind === "exited" && state.exitCode !== 0 ? [{ state, host }] : []))
    .sort((a, b) => a.state.endedAt - b.state.endedAt);
  const gone = states.findIndex(({ kind }) => kind === "disappeared" || kind === "absent");
  const byItself = failures.find(
    ({ state }) => limitOf(state) !== null || !STOPPED_CODES.includes(state.exitCode),
  );
  if (byItself === undefined && gone !== -1) return { kind: "disappeared", host: gone };
  const first = byItself ?? failures[0];
  if (first === undefined) return { kind: "completed" };
  return { kind: "failed", host: first.host, exitCode: first.state.exitCode, outOf: limitOf(first.state) };
}

/** The limit that it was killed at. */
function limitOf({ outOfMemory, outOfDisk }: Exited): "memory" | "disk" | null {
  if (outOfMemory === true) return "memory";
  return outOfDisk === true ? "disk" : null;
}
