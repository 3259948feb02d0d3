import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { statesPage } from "./states-page.ts";
import { isFinal, mayMove, NEXT_PHASE, NEXT_STATUS, PHASES, STATUSES } from "./status.ts";

const states = STATUSES.flatMap((status) => PHASES.map((phase) => ({ status, phase }))).filter(
  ({ status, phase }) => isFinal(status) === (phase === "ended"),
);

test("docs/states.md is the tables (after a build, node scripts/docs-states.mjs writes it)", () => {
  expect(readFileSync(new URL("../../../../docs/states.md", import.meta.url), "utf8")).toBe(statesPage());
});

test("from a new job every state is reached, and every state that is not final leads to an end", () => {
  const reached = (from: (typeof states)[number]) => {
    const seen = new Set([from]);
    for (const state of seen) for (const next of states) if (mayMove(state, next)) seen.add(next);
    return seen;
  };
  const fromNew = reached(
    states.find(({ status, phase }) => status === "InProgress" && phase === "queued") ?? {
      status: "InProgress",
      phase: "ended",
    },
  );
  expect(fromNew.size).toBe(states.length);
  for (const state of states) expect([...reached(state)].some(({ phase }) => phase === "ended")).toBe(true);
});

test("an end is left by no step, and no phase leads back", () => {
  for (const from of states.filter(({ status }) => isFinal(status)))
    expect(states.filter((to) => mayMove(from, to))).toEqual([]);
  for (const phase of PHASES)
    for (const next of NEXT_PHASE[phase]) expect(PHASES.indexOf(next)).toBeGreaterThan(PHASES.indexOf(phase));
});

test("a job that was not asked to stop is never Stopped", () => {
  const next: readonly string[] = NEXT_STATUS.InProgress;
  expect(next).not.toContain("Stopped");
});
