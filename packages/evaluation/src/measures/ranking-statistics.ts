import { descendingOrder } from "../statistics/descending-order.ts";
import type { PackedResamples } from "../statistics/packed-resamples.ts";
import { classScores } from "./ranking.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** Rankings are kept while there are no more than this many places in all of them. */
export const KEPT_PLACES = 2 ** 24;

/** Examples from the highest score down, cut at every score that an example of the class has. */
export interface Ranking {
  /** [examples], indices; within a stop the positives come before the negatives of the same score. */
  readonly order: Int32Array;
  /**
   * Four places in `order` a stop: where the negatives above it begin, where its positives begin, where
   * the negatives of the same score begin, where they end.
   */
  readonly stops: Int32Array;
  readonly positives: number;
  readonly negatives: number;
}

/** ROC AUC and average precision of one class, a value a resample or an example. */
export interface RankingValues {
  readonly rocAuc: Float64Array;
  readonly averagePrecision: Float64Array;
}

/**
 * @param scores   [examples], finite and not negative
 * @param labels   [examples], class indices
 * @param positive index of the class
 */
export function rankingOf(scores: Float32Array, labels: Int32Array, positive: number): Ranking {
  const order = descendingOrder(scores);
  const stops: number[] = [];
  let positives = 0;
  let from = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    const score = scores[order[start] ?? 0];
    let mid = start;
    for (end = start; end < order.length && scores[order[end] ?? 0] === score; end++) {
      const index = order[end] ?? 0;
      if (labels[index] !== positive) continue;
      order[end] = order[mid] ?? 0;
      order[mid++] = index;
    }
    if (mid === start) continue;
    stops.push(from, start, mid, end);
    positives += mid - start;
    from = end;
  }
  return { order, stops: Int32Array.from(stops), positives, negatives: order.length - positives };
}

/** Rankings of the classes, made when first asked for, and kept while they are small. */
export function classRankings({ probabilities, labels }: ScoredExamples): (column: number) => Ranking {
  const make = (column: number): Ranking => rankingOf(classScores(probabilities, column), labels, column);
  if (probabilities.data.length > KEPT_PLACES) return make;
  const kept = new Map<number, Ranking>();
  return (column) => {
    const ranking = kept.get(column) ?? make(column);
    kept.set(column, ranking);
    return ranking;
  };
}

/**
 * Both measures of every resample, written from `offset` on.
 * Resamples are stratified, so that the numbers of positives and negatives never change, and nothing
 * below the lowest positive is looked at.
 */
export function rankingOfResamples(
  { order, stops, positives, negatives }: Ranking,
  packed: PackedResamples,
  out: RankingValues & { readonly offset: number },
): void {
  const { columns, fields, resamples } = packed;
  const sums = {
    higher: new Float64Array(columns),
    hits: new Float64Array(columns),
    tied: new Float64Array(columns),
    found: new Float64Array(columns * fields),
    inversions: new Float64Array(columns * fields),
    precisions: new Float64Array(columns * fields),
  };
  for (let stop = 0; stop < stops.length; stop += 4) {
    const start = stops[stop + 1] ?? 0;
    const mid = stops[stop + 2] ?? 0;
    addWeights(packed, order.subarray(stops[stop] ?? 0, start), sums.higher);
    sums.hits.fill(0);
    sums.tied.fill(0);
    addWeights(packed, order.subarray(start, mid), sums.hits);
    addWeights(packed, order.subarray(mid, stops[stop + 3] ?? 0), sums.tied);
    addStop(packed, sums);
  }
  for (let resample = 0; resample < resamples; resample++) {
    const place = out.offset + resample;
    out.rocAuc[place] = 1 - (sums.inversions[resample] ?? 0) / (positives * negatives);
    out.averagePrecision[place] = (sums.precisions[resample] ?? 0) / positives;
  }
}

/** Adds the packed weights of some examples; four at a time, because memory is what it waits for. */
function addWeights({ weights, columns }: PackedResamples, indices: Int32Array, sums: Float64Array): void {
  let i = 0;
  for (; i + 3 < indices.length; i += 4) {
    const a = (indices[i] ?? 0) * columns;
    const b = (indices[i + 1] ?? 0) * columns;
    const c = (indices[i + 2] ?? 0) * columns;
    const d = (indices[i + 3] ?? 0) * columns;
    for (let j = 0; j < columns; j++) {
      const first = (weights[a + j] ?? 0) + (weights[b + j] ?? 0);
      const second = (weights[c + j] ?? 0) + (weights[d + j] ?? 0);
      sums[j] = (sums[j] ?? 0) + first + second;
    }
  }
  for (; i < indices.length; i++) {
    const offset = (indices[i] ?? 0) * columns;
    for (let j = 0; j < columns; j++) sums[j] = (sums[j] ?? 0) + (weights[offset + j] ?? 0);
  }
}

interface StopWeights {
  /** [columns], packed: negatives above the stop, positives in it, negatives in it. */
  readonly higher: Float64Array;
  readonly hits: Float64Array;
  readonly tied: Float64Array;
  /** [columns × fields], not packed. */
  readonly found: Float64Array;
  readonly inversions: Float64Array;
  readonly precisions: Float64Array;
}

/** Unpacks one stop's weights into the running sums of each resample. */
function addStop({ columns, fields, base }: PackedResamples, sums: StopWeights): void {
  const { higher, hits, tied, found, inversions, precisions } = sums;
  const shift = 1 / base;
  for (let column = 0; column < columns; column++) {
    let hitFields = hits[column] ?? 0;
    let higherFields = higher[column] ?? 0;
    let tiedFields = tied[column] ?? 0;
    higher[column] = higherFields + tiedFields;
    for (let resample = column * fields; hitFields > 0; resample++) {
      const hitsLeft = Math.floor(hitFields * shift);
      const higherLeft = Math.floor(higherFields * shift);
      const tiedLeft = Math.floor(tiedFields * shift);
      const hit = hitFields - hitsLeft * base;
      if (hit > 0) {
        const negative = higherFields - higherLeft * base;
        const equal = tiedFields - tiedLeft * base;
        const all = (found[resample] ?? 0) + hit;
        found[resample] = all;
        inversions[resample] = (inversions[resample] ?? 0) + hit * (negative + equal / 2);
        precisions[resample] = (precisions[resample] ?? 0) + (hit * all) / (all + negative + equal);
      }
      hitFields = hitsLeft;
      higherFields = higherLeft;
      tiedFields = tiedLeft;
    }
  }
}

/**
 * Both measures without each example in turn: [examples], in linear time.
 * What is undefined (the class's only example, or the only other one, left out) is NaN.
 */
export function rankingWithoutEach({ order, stops, positives, negatives }: Ranking): RankingValues {
  const rocAuc = new Float64Array(order.length);
  const averagePrecision = new Float64Array(order.length);
  const { inversions, found, higher, before, afterNegative, afterPositive } = stopSums(stops);
  const count = stops.length / 4;
  const withoutNegative = (place: number, pairs: number, stop: number): void => {
    const index = order[place] ?? 0;
    rocAuc[index] = 1 - (inversions - pairs) / (positives * (negatives - 1));
    averagePrecision[index] = ((before[stop] ?? 0) + (afterNegative[stop] ?? 0)) / positives;
  };
  for (let stop = 0; stop < count; stop++) {
    const [from = 0, start = 0, mid = 0, end = 0] = stops.subarray(stop * 4, stop * 4 + 4);
    const hits = mid - start;
    const all = found[stop] ?? 0;
    const below = positives - all;
    for (let i = from; i < start; i++) withoutNegative(i, below + hits, stop);
    for (let i = mid; i < end; i++) withoutNegative(i, below + hits / 2, stop);
    const others = hits === 1 ? 0 : ((hits - 1) * (all - 1)) / (end - 1);
    for (let i = start; i < mid; i++) {
      const index = order[i] ?? 0;
      const pairs = (higher[stop] ?? 0) + (end - mid) / 2;
      rocAuc[index] = 1 - (inversions - pairs) / ((positives - 1) * negatives);
      averagePrecision[index] =
        ((before[stop] ?? 0) + others + (afterPositive[stop + 1] ?? 0)) / (positives - 1);
    }
  }
  for (let i = stops.at(-1) ?? 0; i < order.length; i++) withoutNegative(i, 0, count);
  return { rocAuc, averagePrecision };
}

interface StopSums {
  /** Pairs of a negative above a positive, ties counted half. */
  readonly inversions: number;
  /** Positives at or above each stop. */
  readonly found: Float64Array;
  /** Negatives above each stop. */
  readonly higher: Float64Array;
  /** Σ hits · precision of the stops before each. */
  readonly before: Float64Array;
  /** The same of each stop and those after it, when a negative above them has gone. */
  readonly afterNegative: Float64Array;
  /** The same when a positive above them has gone. */
  readonly afterPositive: Float64Array;
}

function stopSums(stops: Int32Array): StopSums {
  const count = stops.length / 4;
  const found = new Float64Array(count);
  const higher = new Float64Array(count);
  const before = new Float64Array(count + 1);
  const afterNegative = new Float64Array(count + 1);
  const afterPositive = new Float64Array(count + 1);
  let inversions = 0;
  let all = 0;
  for (let stop = 0; stop < count; stop++) {
    const [, start = 0, mid = 0, end = 0] = stops.subarray(stop * 4, stop * 4 + 4);
    higher[stop] = start - all;
    inversions += (mid - start) * (start - all + (end - mid) / 2);
    all += mid - start;
    found[stop] = all;
    before[stop + 1] = (before[stop] ?? 0) + ((mid - start) * all) / end;
  }
  for (let stop = count - 1; stop >= 0; stop--) {
    const [, start = 0, mid = 0, end = 0] = stops.subarray(stop * 4, stop * 4 + 4);
    const hits = mid - start;
    afterNegative[stop] = (afterNegative[stop + 1] ?? 0) + (hits * (found[stop] ?? 0)) / (end - 1);
    afterPositive[stop] = (afterPositive[stop + 1] ?? 0) + (hits * ((found[stop] ?? 0) - 1)) / (end - 1);
  }
  return { inversions, found, higher, before, afterNegative, afterPositive };
}
