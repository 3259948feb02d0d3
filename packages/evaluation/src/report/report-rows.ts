import type { Predictions } from "../predictions/predictions.ts";
import { confidence, scoresOf } from "../predictions/predictions.ts";

/** One picture as the page knows it: short keys, since there may be tens of thousands. */
export interface ReportRow {
  /** Image file name. */
  readonly n: string;
  /** 0-based true class. */
  readonly l: number;
  /** 0-based predicted class. */
  readonly p: number;
  /** Confidence in thousandths. */
  readonly c: number;
  /** Probability of the true class in thousandths. */
  readonly t: number;
  /** Thumbnail as a data URI, where the budget had room. */
  i?: string;
}

/** Names take at most this many bytes of the page. */
const NAME_BYTES = 500_000;
/** Pictures with a thumbnail in the gallery. */
export const GALLERY = 24;

/** Correct pictures of a class that get a thumbnail: few look at more, and each takes milliseconds to make. */
const CORRECT_A_CLASS = 8;

/** Rows of the page and the order in which they deserve a thumbnail. */
export interface RankedRows {
  readonly rows: readonly ReportRow[];
  /** Indices into `rows`, the most deserving first. */
  readonly order: readonly number[];
  /** Pictures that the page does not name, for want of room: correct ones, the surest of them. */
  readonly unnamed: number;
}

/**
 * Every mistake, then correct pictures from the least sure on, as long as their names fit.
 * Thumbnails go first to the surest mistakes, then to the worst of every cell in turn.
 */
export function rankRows(predictions: Predictions): RankedRows {
  const all = Array.from(predictions.labels.keys(), (row) => toRow(predictions, row));
  const mistakes = all.filter((row) => row.l !== row.p).sort((a, b) => b.c - a.c);
  const correct = all.filter((row) => row.l === row.p).sort((a, b) => a.c - b.c);
  const rows: ReportRow[] = [];
  let bytes = 0;
  for (const row of [...mistakes, ...correct]) {
    bytes += row.n.length + 40;
    if (bytes > NAME_BYTES) break;
    rows.push(row);
  }
  return { rows, order: thumbnailOrder(rows), unnamed: all.length - rows.length };
}

function toRow(predictions: Predictions, row: number): ReportRow {
  const label = predictions.labels[row] ?? 0;
  return {
    n: predictions.imageFileNames[row] ?? "",
    l: label,
    p: predictions.predicted[row] ?? 0,
    c: Math.round(confidence(predictions, row) * 1000),
    t: Math.round((scoresOf(predictions, row)[label] ?? 0) * 1000),
  };
}

/** Cells of mistakes, the fullest first, that are shown with several pictures at once. */
const FULL_CELLS = { cells: 12, pictures: 6 } as const;

/**
 * The gallery, some pictures of the fullest cells of mistakes, then round after round one picture of every cell; of
 * the correct ones only the least sure.
 */
function thumbnailOrder(rows: readonly ReportRow[]): readonly number[] {
  const order = new Set<number>();
  const cells = new Map<string, number[]>();
  rows.forEach((row, index) => {
    if (row.l !== row.p && order.size < GALLERY) order.add(index);
    const cell = cells.get(`${row.l},${row.p}`);
    if (cell === undefined) cells.set(`${row.l},${row.p}`, [index]);
    else cell.push(index);
  });
  const mistakes = [...cells.values()].filter(([first]) => !isCorrect(rows[first ?? -1]));
  for (const cell of mistakes.sort((a, b) => b.length - a.length).slice(0, FULL_CELLS.cells)) {
    for (const index of cell.slice(0, FULL_CELLS.pictures)) order.add(index);
  }
  const longest = Math.max(0, ...[...cells.values()].map((cell) => cell.length));
  for (let round = 0; round < longest; round++) {
    for (const cell of cells.values()) {
      const index = cell[round];
      if (index === undefined || (round >= CORRECT_A_CLASS && isCorrect(rows[index]))) continue;
      order.add(index);
    }
  }
  return [...order];
}

function isCorrect(row: ReportRow | undefined): boolean {
  return row !== undefined && row.l === row.p;
}
