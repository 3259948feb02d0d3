import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

import { errorReason, programFailure, REASON_LENGTH } from "./failure-reason.ts";

const failure = { exitCode: 1, exitMessage: null, lastLines: [], limit: null, isolated: false };
const noise = Array.from({ length: 40 }, (_, i) => `warning ${i}: ${"x".repeat(60)}`);

test("an exit message comes before what was printed", () => {
  expect(programFailure({ ...failure, exitMessage: "no birds", lastLines: ["printed"] })).toBe(
    "AlgorithmError: no birds, exit code: 1",
  );
});

test("without an exit message the last lines that fit are shown", () => {
  const reason = programFailure({ ...failure, exitCode: 3, lastLines: [...noise, "the end"] });
  expect(reason).toMatch(/^AlgorithmError: warning 2\d: x+\n(?:.*\n)+the end, exit code: 3$/);
  expect(programFailure(failure)).toBe("AlgorithmError: , exit code: 1");
});

test.each([
  ["Python", "ValueError: could not convert string to float: 'Cardinal'"],
  ["a library's", "botocore.exceptions.NoCredentialsError: Unable to locate credentials"],
  ["Java", 'Exception in thread "main" java.lang.IllegalStateException: no'],
])("the exception line of %s survives lines that come after it", (_, line) => {
  const reason = programFailure({
    ...failure,
    lastLines: ["Traceback (most recent call last):", '  File "x.py"', line, ...noise],
  });
  expect(reason).toContain(line);
});

test("a single line longer than the room is cut at its end, not left out", () => {
  const reason = programFailure({ ...failure, lastLines: [`ValueError: ${"y".repeat(5_000)}`] });
  expect(reason).toMatch(/^AlgorithmError: ValueError: y+…, exit code: 1$/);
  expect(programFailure({ ...failure, lastLines: ["z".repeat(5_000)] })).toMatch(
    /^AlgorithmError: z+…, exit code: 1$/,
  );
});

test.each([
  [
    "memory",
    "out of memory: the instance used its limit of 1.5 GiB; read less at a time, or ask for an InstanceType with more (up to 80 % of the machine counts)",
  ],
  [
    "disk",
    "disk full: the instance wrote more than its limit of 1.5 GiB, or the most on a machine that has no space left; write less, ask for a greater VolumeSizeInGB, or free some space",
  ],
] as const)("%s that is used up is said with the limit and what to do", (of, said) => {
  const limit = { of, bytes: 3 * 2 ** 29 };
  expect(programFailure({ ...failure, exitCode: 137, limit, lastLines: ["loading"] })).toBe(
    `AlgorithmError: ${said}; loading, exit code: 137`,
  );
});

test.each([
  [
    137,
    /^AlgorithmError: killed by a signal \(SIGKILL\) that the service did not send: .*; loading, exit code: 137$/,
  ],
  [
    143,
    /^AlgorithmError: ended by a signal \(SIGTERM\) that the service did not send: .*; loading, exit code: 143$/,
  ],
  [139, /^AlgorithmError: loading, exit code: 139$/],
])("a program that another one ended is told so: %i", (exitCode, reason) => {
  expect(programFailure({ ...failure, exitCode, lastLines: ["loading"] })).toMatch(reason);
});

test.each([
  ["Python", "socket.gaierror: [Errno -3] Temporary failure in name resolution"],
  ["boto3 by an address", 'Could not connect to the endpoint URL: "http://127.0.0.1:4599/"'],
  ["boto3 without keys", "botocore.exceptions.NoCredentialsError: Unable to locate credentials"],
  ["Node", "Error: connect ENETUNREACH 1.1.1.1:443"],
  ["Java", "java.net.UnknownHostException: birds.example"],
  ["curl", "curl: (6) Could not resolve host: birds.example"],
])(
  "an isolated job that %s left without a network is told that it was isolated, another one is not",
  (_, line) => {
    const lastLines = ["Traceback (most recent call last):", line, "the end"];
    expect(programFailure({ ...failure, lastLines, isolated: true })).toBe(
      `AlgorithmError: the job ran with network isolation, without a network and without keys; ${lastLines.join("\n")}, exit code: 1`,
    );
    expect(programFailure({ ...failure, exitMessage: line, isolated: true })).toContain("network isolation");
    expect(programFailure({ ...failure, lastLines })).not.toContain("isolation");
    const other = ["ValueError: could not convert string to float"];
    expect(programFailure({ ...failure, lastLines: other, isolated: true })).not.toContain("isolation");
  },
);

test("whose fault an error is, is said first", () => {
  expect(errorReason(new FieldmarkError("INPUT_NOT_FOUND", "s3://b/x matches nothing"))).toBe(
    "ClientError: s3://b/x matches nothing",
  );
  expect(errorReason(new FieldmarkError("RUNTIME_REFUSED", "no namespaces"))).toBe(
    "InternalServerError: no namespaces",
  );
  expect(errorReason(new TypeError("x is not a function"))).toBe("InternalServerError: x is not a function");
});

test("no reason is longer than SageMaker's, whatever was printed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 3_000 })),
      fc.option(fc.string({ maxLength: 2_000 })),
      fc.nat(255),
      fc.constantFrom(null, { of: "disk", bytes: 3 * 2 ** 29 } as const),
      fc.boolean(),
      (lastLines, exitMessage, exitCode, limit, isolated) => {
        const said = isolated ? ["ECONNREFUSED", ...lastLines] : lastLines;
        const reason = programFailure({ exitCode, exitMessage, lastLines: said, limit, isolated });
        expect(reason.length).toBeLessThanOrEqual(REASON_LENGTH);
        expect(reason.endsWith(`exit code: ${exitCode}`)).toBe(true);
      },
    ),
  );
});
