import type { Transition } from "../store/job-store.ts";
import { PHASES, type Phase } from "./status.ts";

export interface PhaseSeconds {
  readonly phase: Phase;
  readonly seconds: number;
}

/** How long each phase took that a job was in, in their order; the one it is in now lasts until `now`. */
export function phaseSeconds(transitions: readonly Transition[], now: number): readonly PhaseSeconds[] {
  const milliseconds = new Map<Phase, number>();
  for (const [i, { phase, at }] of transitions.entries()) {
    if (phase === "ended") continue;
    const until = transitions[i + 1]?.at ?? now;
    milliseconds.set(phase, (milliseconds.get(phase) ?? 0) + Math.max(0, until - at));
  }
  return PHASES.flatMap((phase) => {
    const spent = milliseconds.get(phase);
    return spent === undefined ? [] : [{ phase, seconds: spent / 1000 }];
  });
}
