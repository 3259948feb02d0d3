import { expect, test } from "vitest";
import { forEachOf } from "./concurrency.ts";

test("every item is worked on once, no more than the limit at a time", async () => {
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  await forEachOf(Array(50).keys(), 4, async (item) => {
    running++;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    seen.push(item);
    running--;
  });
  expect(seen.sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect(most).toBe(4);
});

test("after a failure nothing is begun, and it is thrown", async () => {
  const begun: number[] = [];
  const work = forEachOf(Array(50).keys(), 2, async (item) => {
    begun.push(item);
    await new Promise(setImmediate);
    if (item === 3) throw new Error("the fourth");
  });
  await expect(work).rejects.toThrow("the fourth");
  expect(begun.length).toBeLessThan(7);
});
