import { FieldmarkError } from "@fieldmark/contract";
import { expect, test } from "vitest";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { startError } from "./start-errors.ts";

const plan = { image: "birds:1", entrypoint: ["/count"], arguments: [] } as unknown as RunPlan;
const answered = (message: string) =>
  Object.assign(new Error(`(HTTP code 409) ${message}`), { statusCode: 409, json: { message } });

test.each([
  [
    "task 5be74b0ab1: already exists: unknown",
    "DOCKER_FAILED",
    "the Docker daemon ended while it started a container of birds:1, and cannot start it again: run the job again",
  ],
  ["No command specified", "ENTRYPOINT_MISSING", "the image birds:1 has no entrypoint of its own"],
  [
    'OCI runtime create failed: exec: "/count": stat /count: no such file or directory: unknown',
    "ENTRYPOINT_FAILED",
    'the image birds:1 cannot run "/count": stat /count: no such file or directory, exit code: 127',
  ],
  ["no space left on device", "DOCKER_FAILED", "Docker cannot start birds:1: no space left on device"],
])("%s: %s", (words, code, message) => {
  const error = startError(plan, "birds:1", answered(words));
  expect(error).toBeInstanceOf(FieldmarkError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a daemon that is away is no error of the job's", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  expect(startError(plan, "birds:1", error)).toBe(error);
});
