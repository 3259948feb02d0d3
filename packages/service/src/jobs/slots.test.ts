import { expect, test } from "vitest";

import { Slots } from "./slots.ts";
import { Wakeup } from "./wakeup.ts";

const never = new AbortController().signal;

test("no more than the slots work at once, in the order of asking, also after errors", async () => {
  const slots = new Slots(2);
  let working = 0;
  let most = 0;
  const order: number[] = [];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) =>
      slots.run(async () => {
        order.push(i);
        most = Math.max(most, ++working);
        await new Promise((resolve) => setTimeout(resolve, 1));
        working -= 1;
        if (i % 3 === 0) throw new Error("broken");
      }, never),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(3);
});

test("whoever gives up waiting takes no slot", async () => {
  const slots = new Slots(1);
  const giveUp = new AbortController();
  let finish = () => {};
  const first = slots.run(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    never,
  );
  const second = slots.run(async () => "second", giveUp.signal);
  const third = slots.run(async () => "third", never);
  giveUp.abort(new Error("stopped"));
  await expect(second).rejects.toThrow("stopped");
  finish();
  await first;
  expect(await third).toBe("third");
});

test("a wakeup before the wait is not missed, and counts once", async () => {
  const wakeup = new Wakeup();
  wakeup.notify();
  wakeup.notify();
  await wakeup.wait(2 ** 40, never);
  const closing = new AbortController();
  const waiting = wakeup.wait(2 ** 40, closing.signal);
  closing.abort();
  await waiting;
  await wakeup.wait(0, never);
});
