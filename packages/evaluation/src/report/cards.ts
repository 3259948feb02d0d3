import type { MeasuresJson } from "../evaluate-options.ts";
import { MEASURES, type MeasureKey } from "../measures/table.ts";
import { type Html, html } from "./html.ts";
import { intervalText, isShare, measureText } from "./number-text.ts";

/** Measures that the page begins with. */
const CARDS: readonly MeasureKey[] = [
  "accuracy",
  "balanced_accuracy",
  "f1_macro",
  "top_3_accuracy",
  "matthews_corrcoef",
  "roc_auc_macro",
  "log_loss",
  "expected_calibration_error",
];

/** A card a measure: value, interval, and both drawn on a scale from 0 to 1. */
export function measureCards(measures: MeasuresJson): Html {
  const shown = CARDS.filter((key) => measures.overall[key].value !== null);
  return html`<div class="cards">${shown.map((key, index) => card(measures, key, index === 0))}</div>`;
}

function card({ overall, bestConstantClassifier }: MeasuresJson, key: MeasureKey, main: boolean): Html {
  const { value, interval } = overall[key];
  const { title, definition, direction } = MEASURES[key];
  const baseline = key === "accuracy" ? (bestConstantClassifier?.accuracy ?? null) : null;
  const constant = baseline === null ? "" : `; always answering one class: ${measureText(key, baseline)}`;
  const [low, high] = MEASURES[key].range;
  const scale = (low === 0 || low === -1) && high === 1 ? scaleOf(value ?? 0, interval, baseline) : html``;
  const less = direction === "lower" ? " (lower is better)" : "";
  return html`<div class="card${main ? " main" : ""}" title="${definition}"><div class="title">${title}${less}</div>
<div class="value">${measureText(key, value)}</div>
<div class="interval">${intervalText(key, interval)}${constant}</div>${isShare(key) || high === 1 ? scale : html``}</div>`;
}

function scaleOf(
  value: number,
  interval: { low: number; high: number } | null,
  baseline: number | null,
): Html {
  const x = (share: number) => (Math.min(1, Math.max(0, share)) * 200).toFixed(1);
  const span =
    interval === null
      ? html``
      : html`<rect class="span" x="${x(interval.low)}" width="${(Number(x(interval.high)) - Number(x(interval.low))).toFixed(1)}" y="3" height="6" rx="2"/>`;
  const constant =
    baseline === null
      ? html``
      : html`<line class="baseline" x1="${x(baseline)}" x2="${x(baseline)}" y1="0" y2="12"/>`;
  return html`<svg viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="200" y="4.5" height="3" rx="1.5"/>${span}${constant}<rect class="point" x="${(Number(x(value)) - 1.5).toFixed(1)}" width="3" y="1" height="10" rx="1"/></svg>`;
}
