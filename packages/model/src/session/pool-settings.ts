import type { PoolSettings } from "./session-pool.ts";

/** Weights that are cheap enough to be held once a thread. */
const SMALL_BYTES = 64 * 2 ** 20;
/** Threads of one session beyond which operators no longer gain. */
const MOST_SESSIONS = 4;

/** How a model of `bytes` uses `threads`. */
export function poolSettings(threads: number, bytes: number): PoolSettings {
  if (bytes > SMALL_BYTES) return { sessions: 1, threads };
  const sessions = Math.min(threads, MOST_SESSIONS);
  return { sessions, threads: Math.max(1, Math.floor(threads / sessions)) };
}
