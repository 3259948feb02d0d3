import { type BigIntStats, lstatSync } from "node:fs";
import { ABSENT, errnoOf } from "./errno.ts";

/**
 * What lies at a path, links not followed; null where nothing does. Asked at once: the kernel answers from memory, and a
 * turn through the thread pool takes five times the processor time, and twenty times where nothing is there. What may wait for
 * the disk goes through the pool.
 */
export function statusAt(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (ABSENT.some((code) => code === errnoOf(error))) return null;
    throw error;
  }
}
