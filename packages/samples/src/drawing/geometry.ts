/** x to the right, y downwards, as in SVG. */
export type Point = readonly [x: number, y: number];

/** Points in SVG's own notation, `"x,y x,y …"`. */
export function points(text: string): readonly Point[] {
  return text.split(" ").map((pair): Point => {
    const [x = Number.NaN, y = Number.NaN] = pair.split(",").map(Number);
    return [x, y];
  });
}

/** Affine transform in SVG's order: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function apply([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** The transform that applies `inner` first, then `outer`. */
export function compose(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

export interface Placement {
  /** Where the frame's origin lands. */
  readonly at: Point;
  /** Degrees; positive turns clockwise on the picture. */
  readonly turn?: number;
  readonly scale?: Point;
}

export function place({ at, turn = 0, scale = [1, 1] }: Placement): Matrix {
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos * scale[0], sin * scale[0], -sin * scale[1], cos * scale[1], at[0], at[1]];
}

export function mix(from: Point, to: Point, share: number): Point {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

/** Shortest text of a coordinate, to a hundredth of a unit. */
export function n(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? "0" : String(rounded);
}

export const at = ([x, y]: Point): string => `${n(x)} ${n(y)}`;

/** A closed path with straight sides. */
export function polygon(corners: readonly Point[]): string {
  return `M${corners.map(at).join("L")}Z`;
}

/** A closed curve through all points (Catmull–Rom as cubic Béziers). */
export function smoothClosed(points: readonly Point[]): string {
  return `${curve(points, true)}Z`;
}

/** An open curve through all points. */
export function smoothOpen(points: readonly Point[]): string {
  return curve(points, false);
}

function curve(points: readonly Point[], closed: boolean): string {
  const count = points.length;
  const point = (i: number): Point => {
    const index = closed ? (i + count) % count : Math.min(count - 1, Math.max(0, i));
    return points[index] ?? [0, 0];
  };
  let path = `M${at(point(0))}`;
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const [before, from, to, after] = [point(i - 1), point(i), point(i + 1), point(i + 2)];
    const first: Point = [from[0] + (to[0] - before[0]) / 6, from[1] + (to[1] - before[1]) / 6];
    const second: Point = [to[0] - (after[0] - from[0]) / 6, to[1] - (after[1] - from[1]) / 6];
    path += `C${at(first)} ${at(second)} ${at(to)}`;
  }
  return path;
}

/** Points along the closed curve of `smoothClosed`, `perSide` for each given point. */
export function sampleClosed(points: readonly Point[], perSide: number): Point[] {
  const count = points.length;
  const point = (i: number): Point => points[(i + count) % count] ?? [0, 0];
  const samples: Point[] = [];
  for (let i = 0; i < count; i++) {
    const [before, from, to, after] = [point(i - 1), point(i), point(i + 1), point(i + 2)];
    for (let step = 0; step < perSide; step++) {
      const t = step / perSide;
      const axis = (k: 0 | 1) =>
        0.5 *
        (2 * from[k] +
          (to[k] - before[k]) * t +
          (2 * before[k] - 5 * from[k] + 4 * to[k] - after[k]) * t * t +
          (3 * from[k] - before[k] - 3 * to[k] + after[k]) * t * t * t);
      samples.push([axis(0), axis(1)]);
    }
  }
  return samples;
}
