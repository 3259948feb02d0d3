import { expect, test } from "vitest";

import type { InstanceState } from "../runtimes/runtime.ts";
import { judge } from "./judge.ts";

const exited = (exitCode: number, endedAt = 100, limit: object = {}): InstanceState => ({
  kind: "exited",
  exitCode,
  startedAt: 1,
  endedAt,
  ...limit,
});
const gone: InstanceState = { kind: "disappeared" };

test.each<[string, readonly InstanceState[], number | null, object]>([
  ["all ended well", [exited(0), exited(0)], null, { kind: "completed" }],
  [
    "the first failure counts",
    [exited(1, 200), exited(2, 100)],
    null,
    { kind: "failed", host: 1, exitCode: 2 },
  ],
  [
    "one stopped for another's sake does not",
    [exited(143, 90), exited(2, 100)],
    null,
    { kind: "failed", host: 1, exitCode: 2 },
  ],
  [
    "a signal from elsewhere is a failure",
    [exited(137), exited(0)],
    null,
    { kind: "failed", host: 0, exitCode: 137 },
  ],
  [
    "killed for memory is one of its own",
    [exited(143, 90), exited(137, 100, { outOfMemory: true })],
    null,
    { kind: "failed", host: 1, outOf: "memory" },
  ],
  [
    "killed for a full disk as well",
    [exited(143, 90), exited(137, 100, { outOfDisk: true })],
    null,
    { kind: "failed", host: 1, outOf: "disk" },
  ],
  ["one that disappeared", [exited(143), gone], null, { kind: "disappeared", host: 1 }],
  [
    "a failure comes before one that was lost later",
    [exited(5), gone],
    null,
    { kind: "failed", host: 0, exitCode: 5 },
  ],
  ["asked to stop", [exited(143, 300)], 200, { kind: "stopped" }],
  ["asked to stop, and ended by itself meanwhile", [exited(0, 300)], 200, { kind: "stopped" }],
  ["asked to stop too late", [exited(0, 100), exited(0, 150)], 200, { kind: "completed" }],
  ["asked to stop when one had ended", [exited(0, 100), exited(143, 300)], 200, { kind: "stopped" }],
  ["asked to stop, and lost", [gone], 200, { kind: "stopped" }],
])("%s", (_, states, stopRequestedAt, verdict) => {
  expect(judge(states, { stopRequestedAt })).toMatchObject(verdict);
});
