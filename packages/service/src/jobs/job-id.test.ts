import fc from "fast-check";
import { expect, test } from "vitest";

import { jobIds } from "./job-id.ts";

const anyTime = fc.integer({ min: 0, max: 4_102_444_800_000 });

test("ids sort by arrival and never repeat, whatever the clock does and wherever it was restarted", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyTime, fc.boolean()), { minLength: 2, maxLength: 50 }), (steps) => {
      const ids: string[] = [];
      let next = jobIds(null, () => 0);
      for (const [now, restarted] of steps) {
        if (restarted) next = jobIds(ids.at(-1) ?? null, () => 0);
        ids.push(next(now));
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect([...ids].sort()).toEqual(ids);
      expect(ids.every((id) => /^[0-9a-z]{18}$/.test(id))).toBe(true);
    }),
  );
});
