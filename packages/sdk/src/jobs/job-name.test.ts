import { expect, test } from "vitest";
import { baseNameOfImage, jobName } from "./job-name.ts";

const now = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 67));

test("the name is the base and the time to the millisecond", () => {
  expect(jobName("birds", now)).toBe("birds-2026-01-02-03-04-05-067");
});

test("a long base is cut so that the name has 63 characters", () => {
  const name = jobName("b".repeat(80), now);
  expect(name).toHaveLength(63);
  expect(name.endsWith("b-2026-01-02-03-04-05-067")).toBe(true);
});

test.each([
  [
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3",
    "sagemaker-scikit-learn",
  ],
  ["fieldmark/evaluator", "evaluator"],
  ["localhost:5000/birds", "birds"],
  ["birds:1", "birds"],
])("the base of %s is %s", (image, base) => {
  expect(baseNameOfImage(image)).toBe(base);
});
