import type { Random } from "../random.ts";
import { at, n, type Point, polygon, sampleClosed } from "./geometry.ts";
import { path } from "./sheet.ts";

/** A patch of plumage: a smooth outline whose edge breaks up into feather tips. */
export function patch(
  points: readonly Point[],
  fill: string,
  { random, fringe = 0.7, opacity = 1 }: { random: Random; fringe?: number; opacity?: number },
): string {
  const edge = sampleClosed(points, 8);
  const frayed = (reach: number): string =>
    polygon(
      edge.map(([x, y]): Point => [x + random.between(-reach, reach), y + random.between(-reach, reach)]),
    );
  return (
    path(frayed(fringe * 2), { fill, opacity: opacity * 0.55 }) + path(frayed(fringe), { fill, opacity })
  );
}

export interface Area {
  readonly centre: Point;
  readonly radii: Point;
}

/** A point of the ellipse, uniformly. */
function pointIn({ centre, radii }: Area, random: Random): Point {
  const [angle, radius] = [random.between(0, 2 * Math.PI), Math.sqrt(random.next())];
  return [centre[0] + radii[0] * radius * Math.cos(angle), centre[1] + radii[1] * radius * Math.sin(angle)];
}

export interface Strokes extends Area {
  readonly count: number;
  readonly length: number;
  readonly color: string;
  readonly width: number;
  readonly opacity?: number;
  /** Degrees; 180 points to the tail. */
  readonly direction?: number;
}

/** Short curved strokes along the lie of the feathers: barbs when thin and faint, streaks when bold. */
export function strokes(
  { centre, radii, count, length, color, width, opacity = 1, direction = 180 }: Strokes,
  random: Random,
): string {
  let d = "";
  for (let i = 0; i < count; i++) {
    const [x, y] = pointIn({ centre, radii }, random);
    const angle = ((direction + random.normal(0, 9)) * Math.PI) / 180;
    const reach = length * random.between(0.6, 1.25);
    const [dx, dy] = [Math.cos(angle) * reach, Math.sin(angle) * reach];
    d += `M${at([x, y])}q${n(dx * 0.5 - dy * 0.12)} ${n(dy * 0.5 + dx * 0.12)} ${n(dx)} ${n(dy)}`;
  }
  return path(d, { stroke: color, width, opacity });
}

/** Bold streaks in rows down the breast and flanks, each wider at its lower end, as on a streaked finch. */
export function streaks(
  {
    centre,
    radii,
    color,
    rows,
    opacity = 1,
    direction = 180,
    length = 5,
    width = 1.6,
  }: Area & {
    color: string;
    rows: number;
    opacity?: number;
    direction?: number;
    length?: number;
    width?: number;
  },
  random: Random,
): string {
  let d = "";
  const angle = (direction * Math.PI) / 180;
  const along: Point = [Math.cos(angle), Math.sin(angle)];
  const across: Point = [-along[1], along[0]];
  for (let row = 0; row < rows; row++) {
    const side = (row / Math.max(1, rows - 1)) * 2 - 1;
    const half = Math.sqrt(Math.max(0.05, 1 - side * side));
    for (let way = -half + random.next() * 0.2; way < half; way += (length * 1.35) / radii[0]) {
      const x = centre[0] + along[0] * way * radii[0] + across[0] * side * radii[1] + random.normal(0, 0.7);
      const y = centre[1] + along[1] * way * radii[0] + across[1] * side * radii[1] + random.normal(0, 0.7);
      const reach = length * random.between(0.7, 1.2);
      const wide = width * random.between(0.6, 1.2) * 0.5;
      const end: Point = [x + along[0] * reach, y + along[1] * reach];
      d += `M${at([x, y])}Q${at([x + along[0] * reach * 0.8 + across[0] * wide * 2, y + along[1] * reach * 0.8 + across[1] * wide * 2])} ${at(end)}`;
      d += `Q${at([x + along[0] * reach * 0.8 - across[0] * wide * 2, y + along[1] * reach * 0.8 - across[1] * wide * 2])} ${at([x, y])}Z`;
    }
  }
  return path(d, { fill: color, opacity });
}

/** Overlapping scale-shaped feathers in rows, each with a pale edge and a dark centre. */
export function scallops(
  {
    centre,
    radii,
    size,
    center,
    edge,
    opacity = 1,
  }: Area & {
    size: number;
    center: string;
    edge: string;
    opacity?: number;
  },
  random: Random,
): string {
  let scales = "";
  let marks = "";
  for (let x = radii[0], row = 0; x > -radii[0]; x -= size * 0.72, row++) {
    const half = radii[1] * Math.sqrt(1 - (x / radii[0]) ** 2);
    for (let y = -half + (row % 2) * size * 0.5; y < half; y += size) {
      const [px, py] = [centre[0] + x + random.normal(0, 0.4), centre[1] + y + random.normal(0, 0.4)];
      const s = size * random.between(0.85, 1.15);
      scales += `M${at([px, py - s * 0.55])}Q${at([px - s * 1.5, py])} ${at([px, py + s * 0.55])}Z`;
      marks += `M${at([px, py - s * 0.3])}Q${at([px - s * 1.0, py])} ${at([px, py + s * 0.3])}Z`;
    }
  }
  return path(scales, { fill: edge, opacity }) + path(marks, { fill: center, opacity });
}

/** Round spots on a loose grid. */
export function spots(
  {
    centre,
    radii,
    color,
    gap,
    radius,
    opacity = 1,
  }: Area & {
    color: string;
    gap: number;
    radius: number;
    opacity?: number;
  },
  random: Random,
): string {
  let d = "";
  for (let y = -radii[1], row = 0; y <= radii[1]; y += gap * 0.85, row++) {
    const half = radii[0] * Math.sqrt(Math.max(0, 1 - (y / radii[1]) ** 2));
    for (let x = -half + (row % 2) * gap * 0.5; x <= half; x += gap) {
      const r = radius * random.between(0.7, 1.2);
      const [px, py] = [
        centre[0] + x + random.normal(0, gap * 0.1),
        centre[1] + y + random.normal(0, gap * 0.1),
      ];
      d += `M${at([px - r, py])}a${n(r)} ${n(r * 0.85)} 0 1 0 ${n(r * 2)} 0a${n(r)} ${n(r * 0.85)} 0 1 0 ${n(-r * 2)} 0Z`;
    }
  }
  return path(d, { fill: color, opacity });
}

/** How one row of feathers is coloured. */
export interface FeatherInk {
  readonly fill: string;
  /** Line along the lower edge. */
  readonly edge?: string;
  readonly edgeWidth?: number;
  /** Colour of the outer end, and how much of the length it takes. */
  readonly tip?: string;
  readonly tipShare?: number;
  /** Dark cross bars. */
  readonly bars?: string;
  readonly barGap?: number;
  /** Thickness of a bar as a share of the gap. */
  readonly barShare?: number;
  readonly opacity?: number;
}

/** One feather from its base to its rounded tip. */
export function feather(base: Point, tip: Point, width: number, ink: FeatherInk): string {
  const [dx, dy] = [tip[0] - base[0], tip[1] - base[1]];
  const length = Math.hypot(dx, dy) || 1;
  const along: Point = [dx / length, dy / length];
  const across: Point = [-along[1], along[0]];
  const on = (way: number, side: number): Point => [
    base[0] + along[0] * length * way + across[0] * width * side,
    base[1] + along[1] * length * way + across[1] * width * side,
  ];
  const vane = (from: number) =>
    `M${at(on(from, 0))}C${at(on(from + 0.3 * (1 - from), 0.72))} ${at(on(0.94, 0.66))} ${at(tip)}C${at(on(0.94, -0.66))} ${at(on(from + 0.3 * (1 - from), -0.72))} ${at(on(from, 0))}Z`;
  const opacity = ink.opacity ?? 1;
  let drawn = path(vane(0), { fill: ink.fill, opacity });
  if (ink.bars !== undefined) {
    const gap = ink.barGap ?? 4;
    let d = "";
    for (let way = gap; way < length - gap * 0.5; way += gap) {
      const half = 0.42 * Math.sin(Math.min(1, (way / length) * 2.2) * (Math.PI / 2));
      d += `M${at(on(way / length, -half))}L${at(on(way / length, half))}`;
    }
    drawn += path(d, { stroke: ink.bars, width: gap * (ink.barShare ?? 0.34), opacity });
  }
  if (ink.tip !== undefined) drawn += path(vane(1 - (ink.tipShare ?? 0.3)), { fill: ink.tip, opacity });
  if (ink.edge !== undefined)
    drawn += path(`M${at(on(0.05, -0.12))}C${at(on(0.3, -0.7))} ${at(on(0.94, -0.64))} ${at(tip)}`, {
      stroke: ink.edge,
      width: ink.edgeWidth ?? 0.7,
      opacity,
    });
  return drawn;
}
