// @ts-check
import { confusionMatrix } from "./matrix.js";

/** @typedef {{ n: string, l: number, p: number, c: number, t: number, i?: string, g?: number }} Row g: place in the gallery, whose picture it shares */
const data = /** @type {{ names: string[], cells: number[][], support: number[], rows: Row[] }} */ (
  JSON.parse(element("data").textContent ?? "")
);

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** @param {string} tag @param {string} [text] @param {string} [className] */
function make(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

for (const [place, item] of document.querySelectorAll(".gallery > li").entries()) {
  const row = data.rows.find((one) => one.g === place);
  const image = item.querySelector("img");
  if (row !== undefined && image !== null) row.i = image.src;
}

/** @param {number} thousandths */
const percent = (thousandths) => `${(thousandths / 10).toFixed(1)}\u00a0%`;

/** @param {import("./matrix.js").Cell} cell */
const say = ({ actual, predicted, count, share }) =>
  actual === predicted
    ? `${data.names[actual]}: ${count} of ${data.support[actual]} right (${(share * 100).toFixed(1)} %)`
    : `${data.names[actual]} taken for ${data.names[predicted]}: ${count} of ${data.support[actual]} (${(share * 100).toFixed(1)} %)`;

/** A file name that breaks after its separators and nowhere else. @param {string} name */
function breakable(name) {
  const made = make("div", undefined, "file");
  for (const part of name.split(/(?<=[_/.-])(?=[^_/.-])/)) made.append(part, make("wbr"));
  return made;
}

/** @param {Row} row */
function figure(row) {
  const made = make("figure");
  if (row.i === undefined) made.append(make("div", "no thumbnail", "noimage"));
  else {
    const image = /** @type {HTMLImageElement} */ (make("img"));
    image.src = row.i;
    image.alt = `${data.names[row.l]}, predicted ${data.names[row.p]}`;
    made.append(image);
  }
  const caption = make("figcaption");
  caption.append(make("span", percent(row.c), row.l === row.p ? "as-right" : "as-wrong"), breakable(row.n));
  made.append(caption);
  return made;
}

/** Pictures of a cell: mistakes with the surest first, right ones with the least sure first. @param {import("./matrix.js").Cell} cell */
function showCell(cell) {
  const rows = data.rows.filter((row) => row.l === cell.actual && row.p === cell.predicted);
  const pictured = rows.filter((row) => row.i !== undefined);
  const named = rows.filter((row) => row.i === undefined);
  const panel = element("cell");
  const list = make("ul", undefined, "thumbs");
  for (const row of pictured) {
    const item = make("li");
    item.append(figure(row));
    list.append(item);
  }
  panel.replaceChildren(make("h3", say(cell)), list);
  if (named.length > 0) {
    const names = make("ol", undefined, "names");
    for (const row of named) names.append(make("li", `${row.n} (${percent(row.c)})`));
    panel.append(names);
  }
  const missing = cell.count - rows.length;
  if (missing > 0) panel.append(make("p", `${missing} more in predictions.csv`, "muted"));
  if (cell.count === 0) panel.append(make("p", "No picture in this cell.", "muted"));
}

const tip = element("tip");
const matrix = confusionMatrix(/** @type {HTMLCanvasElement} */ (element("matrix")), data, {
  hover: (cell, at) => {
    tip.hidden = cell === null;
    if (cell === null) return;
    tip.textContent = say(cell);
    const frame = /** @type {HTMLElement} */ (tip.parentElement);
    tip.style.left = `${Math.min(at.x + 24, frame.clientWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${at.y + 26}px`;
  },
  choose: showCell,
  focus: (cell) => {
    element("said").textContent = say(cell);
  },
});

for (const button of document.querySelectorAll("[data-sort-matrix], [data-scale]")) {
  button.addEventListener("click", () => {
    const { sortMatrix, scale } = /** @type {HTMLElement} */ (button).dataset;
    if (sortMatrix === "class" || sortMatrix === "errors") matrix.sort(sortMatrix);
    if (scale !== undefined) matrix.scale(scale === "share");
    for (const other of button.parentElement?.children ?? [])
      other.setAttribute("aria-pressed", String(other === button));
  });
}
element("zoom-in").addEventListener("click", () => matrix.zoomBy(1.6));
element("zoom-out").addEventListener("click", () => matrix.zoomBy(1 / 1.6));
element("zoom-fit").addEventListener("click", () => matrix.fit());

for (const button of document.querySelectorAll("[data-actual]")) {
  button.addEventListener("click", () => {
    const { actual, predicted } = /** @type {HTMLElement} */ (button).dataset;
    matrix.choose({ actual: Number(actual), predicted: Number(predicted) });
    element("confusion").scrollIntoView();
  });
}

const table = /** @type {HTMLTableElement} */ (element("classes"));
for (const [column, button] of [...table.querySelectorAll("thead button")].entries()) {
  button.addEventListener("click", () => {
    const head = /** @type {HTMLElement} */ (button.parentElement);
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const value = (/** @type {HTMLTableRowElement} */ row) =>
      row.cells[column].dataset.v ?? row.cells[column].textContent ?? "";
    const sorted = [...body.rows].sort((a, b) => compare(value(a), value(b)) * (ascending ? 1 : -1));
    body.append(...sorted);
  });
}

/** Numbers by size, texts by their letters; an undefined measure comes first. @param {string} a @param {string} b */
function compare(a, b) {
  const numbers = [a === "" ? -1 : Number(a), b === "" ? -1 : Number(b)];
  return numbers.some(Number.isNaN) ? a.localeCompare(b) : numbers[0] - numbers[1];
}

element("filter").addEventListener("input", (event) => {
  const wanted = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase();
  for (const row of table.tBodies[0].rows)
    row.hidden = !(row.cells[0].textContent ?? "").toLowerCase().includes(wanted);
});

element("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark =
    root.dataset.theme === "dark" ||
    (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  matrix.redraw();
});

const first =
  data.cells.filter(([actual, predicted]) => actual !== predicted).sort((a, b) => b[2] - a[2])[0] ??
  data.cells[0];
if (first !== undefined) matrix.choose({ actual: first[0], predicted: first[1] });
