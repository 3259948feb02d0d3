import { count } from "../count.ts";
import type { ReliabilityBin } from "../measures/calibration.ts";
import type { RiskCoveragePoint } from "../measures/risk-coverage.ts";
import { type Html, html } from "./html.ts";
import { percent } from "./number-text.ts";

const SIZE = { width: 420, height: 300, left: 58, right: 24, top: 12, bottom: 44 } as const;

const x = (share: number) => SIZE.left + share * (SIZE.width - SIZE.left - SIZE.right);
const y = (share: number) => SIZE.height - SIZE.bottom - share * (SIZE.height - SIZE.top - SIZE.bottom);
const at = (value: number) => value.toFixed(1);

interface Axes {
  readonly label: string;
  readonly horizontal: string;
  readonly vertical: string;
  /** Largest share on the vertical axis, in (0, 1]. */
  readonly top: number;
}

/** Axes from 0 to 100 % (or to `top`), five grid lines each way, and whatever is drawn inside. */
function chart({ label, horizontal, vertical, top }: Axes, inside: readonly Html[]): Html {
  const steps = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const tick = (share: number) => `${Number((share * 100).toFixed(1))} %`;
  return html`<svg class="chart" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${label}">
${steps.map(
  (
    step,
  ) => html`<line class="grid" x1="${at(x(0))}" x2="${at(x(1))}" y1="${at(y(step))}" y2="${at(y(step))}"/>
<text class="tick" x="${at(x(0) - 6)}" y="${at(y(step) + 4)}" text-anchor="end">${tick(step * top)}</text>
<text class="tick" x="${at(x(step))}" y="${at(y(0) + 17)}" text-anchor="middle">${tick(step)}</text>`,
)}
${inside}
<text class="axis" x="${at(x(0.5))}" y="${SIZE.height - 6}" text-anchor="middle">${horizontal}</text>
<text class="axis" transform="translate(12 ${at(y(0.5))}) rotate(-90)" text-anchor="middle">${vertical}</text>
</svg>`;
}

/** Accuracy against confidence, a bar a bin; the diagonal is perfect calibration. */
export function reliabilityChart(bins: readonly ReliabilityBin[]): Html {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const bars = bins.flatMap(({ low, high, count: size, accuracy, confidence }) => {
    if (accuracy === null || confidence === null) return [];
    const width = x(high) - x(low) - 2;
    const weight = (0.35 + 0.65 * Math.sqrt(size / most)).toFixed(2);
    const gap = accuracy - confidence;
    const title = `${percent(low)} to ${percent(high)}: ${count(size, "picture")}, confidence ${percent(confidence)}, accuracy ${percent(accuracy)}`;
    return [
      html`<g><title>${title}</title><rect class="bar" opacity="${weight}" x="${at(x(low) + 1)}" width="${at(width)}" y="${at(y(accuracy))}" height="${at(y(0) - y(accuracy))}"/>
<rect class="${gap < 0 ? "gap over" : "gap under"}" x="${at(x(low) + 1)}" width="${at(width)}" y="${at(y(Math.max(accuracy, confidence)))}" height="${at(Math.abs(y(accuracy) - y(confidence)))}"/></g>`,
    ];
  });
  const diagonal = html`<line class="ideal" x1="${at(x(0))}" y1="${at(y(0))}" x2="${at(x(1))}" y2="${at(y(1))}"/>`;
  const axes = { label: "Reliability diagram", horizontal: "confidence", vertical: "accuracy", top: 1 };
  return chart(axes, [...bars, diagonal]);
}

/** Share of wrong answers when only the surest are answered. */
export function riskCoverageChart(points: readonly RiskCoveragePoint[]): Html {
  const highest = Math.max(0.01, ...points.map((point) => point.risk));
  const top = [0.02, 0.05, 0.1, 0.2, 0.5, 1].find((step) => step >= highest) ?? 1;
  const path = points
    .map(({ coverage, risk }, index) => `${index === 0 ? "M" : "L"}${at(x(coverage))} ${at(y(risk / top))}`)
    .join("");
  const last = points.at(-1);
  const area =
    last === undefined
      ? ""
      : `${path}L${at(x(last.coverage))} ${at(y(0))}L${at(x(points[0]?.coverage ?? 0))} ${at(y(0))}Z`;
  const axes = {
    label: "Risk–coverage curve",
    horizontal: "share of pictures answered",
    vertical: "share of answers wrong",
    top,
  };
  return chart(axes, [html`<path class="area" d="${area}"/>`, html`<path class="curve" d="${path}"/>`]);
}
