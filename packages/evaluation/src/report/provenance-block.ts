import { count } from "../count.ts";
import type { MeasuresJson } from "../evaluate-options.ts";
import { type Html, html } from "./html.ts";

/** Where the numbers come from, and how to make them again. */
export function provenanceBlock({ provenance, bootstrap, level }: MeasuresJson): Html {
  const { model, dataset, preprocessing, versions, command, time, seconds } = provenance;
  const rows: [string, string][] = [];
  if (model !== null) {
    rows.push([
      "Model",
      `${model.path} (${model.format}, ${model.producer}; ${model.parameters.toLocaleString("en")} parameters)`,
    ]);
    rows.push(["Model digest", model.digest]);
    rows.push([
      "Output",
      `${model.signature} → ${model.output.name}: ${model.output.kind}, ${model.output.reason}`,
    ]);
  }
  rows.push(["Dataset", dataset.source], ["Dataset digest", dataset.digest]);
  if (preprocessing !== null) {
    const { recipe, chosenBy, notes } = preprocessing;
    rows.push(["Preprocessing", `${recipe.name}; chosen by: ${chosenBy}`]);
    for (const note of notes) rows.push(["", note]);
    rows.push(["Recipe as JSON", JSON.stringify(recipe)]);
  }
  const { resamples, rankingResamples, seed } = bootstrap;
  rows.push([
    "Intervals",
    `${Math.round(level * 100)} %; Wilson for shares of pictures, BCa bootstrap stratified by actual class for the rest ` +
      `(${resamples.toLocaleString("en")} resamples, ${rankingResamples.toLocaleString("en")} for ranking measures, seed ${seed})`,
  ]);
  rows.push([
    "Versions",
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  ]);
  if (command !== "") rows.push(["Command", command]);
  const took = seconds === null ? "" : `; ${seconds.toFixed(1)} s for ${count(dataset.examples, "picture")}`;
  if (time !== null) rows.push(["Made", `${time}${took}`]);
  return html`<dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${/digest|Command|JSON/.test(term) ? html`<code>${text}</code>` : text}</dd>`)}</dl>`;
}
