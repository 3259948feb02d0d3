import { FieldmarkError } from "@fieldmark/contract";
import type { Interval } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

/**
 * Wilson's score interval of a proportion.
 *
 * @param successes 0 ≤ successes ≤ trials
 * @param trials    how many were tried
 * @param level     confidence level, in (0, 1)
 * @returns null when nothing was tried
 * @throws USAGE when the counts or the level are out of range
 * @see statsmodels `proportion_confint(method="wilson")`
 */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Interval | null {
  if (!(successes >= 0 && successes <= trials)) {
    throw new FieldmarkError(
      "USAGE",
      `Wilson interval: ${successes} successes of ${trials} trials; expected 0 to all of them`,
    );
  }
  checkLevel(level);
  if (trials === 0) return null;
  const proportion = successes / trials;
  const z = -normalQuantile((1 - level) / 2);
  const z2 = z ** 2;
  const denominator = 1 + z2 / trials;
  const center = (proportion + z2 / (2 * trials)) / denominator;
  const distance =
    (z * Math.sqrt((proportion * (1 - proportion)) / trials + z2 / (4 * trials ** 2))) / denominator;
  return {
    low: Math.min(1, Math.max(0, center - distance)),
    high: Math.min(1, Math.max(0, center + distance)),
    level,
    method: "wilson",
  };
}

/** @throws USAGE unless 0 < level < 1 */
export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new FieldmarkError("USAGE", `confidence level ${level}; expected a number between 0 and 1`);
  }
}
