import { expect, test } from "vitest";
import { beforeRunning, phasesOf } from "./job-phases.ts";

const at = (Time: number, Phase: string, Note: string | null = null, Status = "InProgress") => ({
  Time,
  Phase,
  Note,
  Status,
});

test("each phase lasts until the next begins; the end is no phase", () => {
  const phases = phasesOf(
    [
      at(10, "queued"),
      at(10.5, "preparing", "Collecting numpy"),
      at(12, "preparing", "Installing numpy"),
      at(13, "running"),
      at(14, "running", null, "Stopping"),
      at(20, "ended", null, "Stopped"),
    ],
    new Date(99_000),
  );
  expect(phases).toEqual([
    { phase: "queued", startedAt: new Date(10_000), seconds: 0.5, note: null },
    { phase: "preparing", startedAt: new Date(10_500), seconds: 2.5, note: "Installing numpy" },
    { phase: "running", startedAt: new Date(13_000), seconds: 7, note: null },
  ]);
});

test("the phase that a job is in lasts until now", () => {
  expect(phasesOf([at(10, "queued")], new Date(12_000))).toMatchObject([{ phase: "queued", seconds: 2 }]);
});

test("a service that tells none has none", () => {
  expect(phasesOf(undefined, new Date())).toEqual([]);
});

test.each([
  ["a job that is prepared is in that phase", [at(10, "queued"), at(11, "preparing", "pip")], "preparing"],
  ["one that runs is in none", [at(10, "queued"), at(11, "running")], null],
  ["one that failed before is in none", [at(10, "preparing", "pip"), at(11, "ended", null, "Failed")], null],
  ["on AWS there is none", undefined, null],
])("before its program runs: %s", (_, transitions, phase) => {
  expect(beforeRunning(transitions, new Date(12_000))?.phase ?? null).toBe(phase);
});
