import { MEASURES, type MeasureKey } from "../measures/table.ts";
import type { Interval } from "../statistics/interval.ts";

/** A share as a percentage with one decimal: "97.8 %", held together by a no-break space. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}\u00a0%`;
}

/** Measures whose range is [0, 1] and that people say in percent. */
export function isShare(key: MeasureKey): boolean {
  const [low, high] = MEASURES[key].range;
  return low === 0 && high === 1 && !key.includes("error") && !key.startsWith("roc_auc");
}

export function measureText(key: MeasureKey, value: number | null): string {
  if (value === null) return "–";
  return isShare(key) ? percent(value) : value.toFixed(4);
}

export function intervalText(key: MeasureKey, interval: Interval | null): string {
  return interval === null ? "" : `${measureText(key, interval.low)} – ${measureText(key, interval.high)}`;
}
