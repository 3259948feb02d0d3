import { count } from "../count.ts";
import type { MeasuredEvaluation, MeasuresJson } from "../evaluate-options.ts";
import { measureCards } from "./cards.ts";
import { reliabilityChart, riskCoverageChart } from "./charts.ts";
import { allMeasures, classTable } from "./class-table.ts";
import { breakable, type Html, html, jsonForScript } from "./html.ts";
import { percent } from "./number-text.ts";
import { readPageFiles } from "./page-files.ts";
import { provenanceBlock } from "./provenance-block.ts";
import { GALLERY, type RankedRows, type ReportRow } from "./report-rows.ts";

const CONFUSIONS = 12;
const LISTED = 30;

/**
 * report.html: one file that needs no network and stays under 2 MB for 200 classes.
 * @param pictures what `reportPictures` makes of the same predictions
 */
export async function renderReport(
  { predictions, measures }: MeasuredEvaluation,
  pictures: RankedRows,
): Promise<string> {
  const { style, script, policy } = await readPageFiles();
  const { count: examples, correct } = measures.examples;
  const title = `${correct.toLocaleString("en")} of ${count(examples, "picture")} right`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Fieldmark ${measures.provenance.versions.fieldmark ?? ""}">
<title>${title} · Fieldmark</title>
<style>${style}</style>
</head>
<body>
<div class="page">
<header><div><h1>${title}</h1><p class="lead">${subtitle(measures)}</p></div>
<button type="button" class="control" id="theme" aria-label="Switch between light and dark">◐</button></header>
<main>
${warningBox(measures, predictions.classNames)}
${measureCards(measures)}
${allMeasures(measures)}
${matrixSection()}
<div class="pair">${confusionsSection(measures)}${failuresSection(measures)}</div>
${gallerySection(pictures, measures)}
<section aria-labelledby="h-classes"><h2 id="h-classes">Classes</h2>
<p class="muted">Click a column to sort by it; hold the pointer over recall or precision for its interval.</p>
<div class="controls"><label>Find <input id="filter" type="search" placeholder="class name"></label></div>
<div class="box scroll" tabindex="0" role="region" aria-label="Measures of each class">${classTable(measures)}</div></section>
${chartsSection(measures)}
<section aria-labelledby="h-provenance"><h2 id="h-provenance">Where these numbers come from</h2><div class="box">${provenanceBlock(measures)}</div></section>
</main>
</div>
<script type="application/json" id="data">${jsonForScript(pageData(measures, pictures))}</script>
<script type="module">${script}</script>
</body>
</html>
`;
  return page.text;
}

function subtitle({ provenance, perClass }: MeasuresJson): string {
  const model =
    provenance.model === null ? "" : `${provenance.model.path.split(/[/\\]/).slice(-2).join("/")} on `;
  const day = provenance.time === null ? "" : ` · ${provenance.time.slice(0, 10)}`;
  return `${model}${provenance.dataset.source} · ${perClass.length} classes${day}`;
}

function warningBox({ warnings, conflictingCopies }: MeasuresJson, classNames: readonly string[]): Html {
  const copies = conflictingCopies.map(
    ({ files }) =>
      `the same picture under different labels: ${files.map(({ imageFileName, label }) => `${imageFileName} (${classNames[label]})`).join(", ")}`,
  );
  const all = [...warnings, ...copies];
  if (all.length === 0) return html``;
  const more =
    all.length > LISTED ? html`<li>… and ${all.length - LISTED} more in measures.json</li>` : html``;
  return html`<div class="warnings" role="note"><strong>Before you trust these numbers</strong><ul>${all.slice(0, LISTED).map((text) => html`<li>${text}</li>`)}${more}</ul></div>`;
}

function matrixSection(): Html {
  return html`<section id="confusion" aria-labelledby="h-confusion"><h2 id="h-confusion">Confusion matrix</h2>
<p class="muted">Rows are what a picture shows, columns what the model says. Click a cell to see its pictures; Ctrl + wheel or the buttons zoom, dragging pans; with the keyboard, arrows walk and Enter opens.</p>
<div class="two"><div>
<div class="controls">
<span class="group" role="group" aria-label="Order of classes"><button type="button" class="control" data-sort-matrix="class" aria-pressed="true">By class</button><button type="button" class="control" data-sort-matrix="errors" aria-pressed="false">Most errors first</button></span>
<span class="group" role="group" aria-label="Colour scale"><button type="button" class="control" data-scale="share" aria-pressed="true">Share of row</button><button type="button" class="control" data-scale="count" aria-pressed="false">Count</button></span>
<span class="group" role="group" aria-label="Zoom"><button type="button" class="control" id="zoom-out" aria-label="Zoom out">−</button><button type="button" class="control" id="zoom-fit">Fit</button><button type="button" class="control" id="zoom-in" aria-label="Zoom in">+</button></span>
</div>
<div class="box matrix-frame"><canvas id="matrix" tabindex="0" role="application" aria-label="Confusion matrix; arrow keys walk the cells, Enter shows a cell's pictures"></canvas><div class="tip" id="tip" hidden></div></div>
<div class="legend"><span><span class="swatch right"></span>right</span><span><span class="swatch wrong"></span>taken for another class</span></div>
<div id="said" class="visually-hidden" aria-live="polite"></div>
</div>
<div class="box panel" id="cell" aria-live="polite"></div></div></section>`;
}

function confusionsSection({ mostConfused, perClass }: MeasuresJson): Html {
  const shown = mostConfused.slice(0, CONFUSIONS);
  const most = shown[0]?.count ?? 1;
  const items = shown.map(
    ({ actual, predicted, count: size, shareOfActual }) =>
      html`<li><button type="button" data-actual="${actual}" data-predicted="${predicted}" title="${percent(shareOfActual)} of the class"><span>${breakable(perClass[actual]?.name ?? "")} <small>taken for</small> ${breakable(perClass[predicted]?.name ?? "")}</span><svg class="bar" viewBox="0 0 92 8" aria-hidden="true"><rect class="track" width="92" height="8" rx="4"/><rect class="fill" width="${((size / most) * 92).toFixed(1)}" height="8" rx="4"/></svg><span class="num">${size} of ${perClass[actual]?.support ?? 0}</span></button></li>`,
  );
  const body =
    items.length === 0
      ? html`<p class="muted">No picture was taken for another class.</p>`
      : html`<ul class="confusions">${items}</ul>`;
  return html`<section aria-labelledby="h-confused"><h2 id="h-confused">Most confused</h2><p class="muted">Click a pair to see its pictures.</p><div class="box">${body}</div></section>`;
}

function failuresSection({ failures }: MeasuresJson): Html {
  if (failures.length === 0) return html``;
  const more =
    failures.length > LISTED
      ? html`<li>… and ${failures.length - LISTED} more in measures.json</li>`
      : html``;
  return html`<section aria-labelledby="h-failures"><h2 id="h-failures">Not decoded</h2><p class="muted">${count(failures.length, "picture")} could not be read and count in no measure.</p><div class="box"><ul class="names">${failures.slice(0, LISTED).map(({ message }) => html`<li>${message}</li>`)}${more}</ul></div></section>`;
}

function gallerySection({ rows }: RankedRows, { perClass }: MeasuresJson): Html {
  const mistakes = rows.filter((row) => row.l !== row.p).slice(0, GALLERY);
  if (mistakes.length === 0) return html``;
  const name = (index: number) => perClass[index]?.name ?? "";
  const items = mistakes.map(
    (row) =>
      html`<li><figure>${picture(row, name(row.l))}<figcaption><span class="as-wrong">${breakable(name(row.p))} ${percent(row.c / 1000)}</span><div>is ${breakable(name(row.l))} <span class="muted">${percent(row.t / 1000)}</span></div><div class="file">${breakable(row.n)}</div></figcaption></figure></li>`,
  );
  return html`<section aria-labelledby="h-gallery"><h2 id="h-gallery">Most confident mistakes</h2><p class="muted">Wrong answers that the model was surest of: the first place to look for wrong labels.</p><ul class="thumbs gallery">${items}</ul></section>`;
}

function picture(row: ReportRow, name: string): Html {
  if (row.i === undefined) return html`<div class="noimage">no thumbnail</div>`;
  return html`<img src="${row.i}" alt="${name}">`;
}

function chartsSection(measures: MeasuresJson): Html {
  return html`<section class="pair" aria-label="Confidence"><div><h2>Reliability</h2><p class="muted">Of the pictures answered with a given confidence, how many are right. Orange: the model is surer than it should be.</p><div class="box">${reliabilityChart(measures.reliability)}</div></div>
<div><h2>Risk and coverage</h2><p class="muted">How many answers are wrong when only the surest pictures are answered and the rest are left to a person.</p><div class="box">${riskCoverageChart(measures.riskCoverage)}</div></div></section>`;
}

/** What the page's script reads; a picture of the gallery is not carried twice. */
function pageData({ perClass, confusionMatrix }: MeasuresJson, { rows }: RankedRows) {
  let inGallery = 0;
  const compact = rows.map(({ i: uri, ...row }) => {
    if (row.l !== row.p && inGallery < GALLERY) return { ...row, g: inGallery++ };
    return uri === undefined ? row : { ...row, i: uri };
  });
  const cells = confusionMatrix.flatMap((row, actual) =>
    row.flatMap((size, predicted) => (size > 0 ? [[actual, predicted, size]] : [])),
  );
  return {
    names: perClass.map((one) => one.name),
    support: perClass.map((one) => one.support),
    cells,
    rows: compact,
  };
}
