import type { MeasuresJson } from "../evaluate-options.ts";
import type { ClassMeasures, Estimate } from "../measures/measures.ts";
import { MEASURES, type MeasureKey } from "../measures/table.ts";
import { breakable, type Html, html } from "./html.ts";
import { intervalText, measureText, percent } from "./number-text.ts";

const COLUMNS = ["Class", "Pictures", "Recall", "Precision", "F1", "ROC AUC", "Average precision"] as const;

/** One row a class; every column sorts. */
export function classTable({ perClass }: MeasuresJson): Html {
  const head = COLUMNS.map((name) => html`<th scope="col"><button type="button">${name}</button></th>`);
  return html`<table id="classes"><thead><tr>${head}</tr></thead><tbody>${perClass.map(classRow)}</tbody></table>`;
}

function classRow(one: ClassMeasures): Html {
  return html`<tr${one.support === 0 ? html` class="absent"` : html``}><td>${breakable(one.name)}</td><td data-v="${one.support}">${one.support}</td>${meterCell(one.recall)}${meterCell(one.precision)}${shareCell(one.f1)}${decimalCell(one.roc_auc)}${decimalCell(one.average_precision)}</tr>`;
}

function meterCell({ value, interval }: Estimate): Html {
  if (value === null) return html`<td data-v="">–</td>`;
  const range = interval === null ? "" : `${percent(interval.low)} – ${percent(interval.high)}`;
  return html`<td data-v="${value}" title="${range}">${percent(value)}<svg class="meter" viewBox="0 0 54 7" width="54" height="7" aria-hidden="true"><rect class="track" width="54" height="7" rx="3"/><rect class="fill" width="${(value * 54).toFixed(1)}" height="7" rx="3"/></svg></td>`;
}

function shareCell({ value }: Estimate): Html {
  return value === null ? html`<td data-v="">–</td>` : html`<td data-v="${value}">${percent(value)}</td>`;
}

function decimalCell({ value }: Estimate): Html {
  return value === null ? html`<td data-v="">–</td>` : html`<td data-v="${value}">${value.toFixed(3)}</td>`;
}

/** Every measure with its definition, for those who want all of them. */
export function allMeasures({ overall }: MeasuresJson): Html {
  const keys = Object.keys(MEASURES) as MeasureKey[];
  const rows = keys.map((key) => {
    const { value, interval } = overall[key];
    const { title, definition } = MEASURES[key];
    return html`<tr><td>${title}<br><small>${definition}</small></td><td>${measureText(key, value)}</td><td>${intervalText(key, interval)}</td></tr>`;
  });
  return html`<details class="all"><summary>All measures with their definitions</summary><div class="box scroll"><table><thead><tr><th scope="col"><button type="button" disabled>Measure</button></th><th scope="col"><button type="button" disabled>Value</button></th><th scope="col"><button type="button" disabled>Interval</button></th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
