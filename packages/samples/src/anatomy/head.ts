import { darker, lighter } from "../drawing/color.ts";
import { n, type Point, smoothClosed } from "../drawing/geometry.ts";
import { ellipse, path, type Sheet } from "../drawing/sheet.ts";

export interface BillShape {
  /** Where the mandibles leave the face (head frame). */
  readonly at: Point;
  readonly length: number;
  /** Depth at the base. */
  readonly depth: number;
  /** 0 = straight like a chisel, 1 = a finch's bulging culmen. */
  readonly bulge: number;
  /** How far the tip lies below the middle of the base. */
  readonly droop: number;
  /** A duck's bill: hollow above, rounded at the end. */
  readonly spoon?: boolean;
}

export interface BillInks {
  readonly upper: string;
  readonly lower: string;
  /** Darkened end, as on many bills. */
  readonly tip?: string;
}

/** A closed bill in the head frame, pointing to +x. */
export function bill(shape: BillShape, inks: BillInks, sheet: Sheet): string {
  if (shape.spoon === true) return spoonBill(shape, inks, sheet);
  const {
    at: [x, y],
    length,
    depth,
    bulge,
    droop,
  } = shape;
  const half = depth / 2;
  const [tipX, tipY] = [x + length, y + droop];
  const gape = y + half * 0.25;
  const upper = `M${n(x - 1.5)} ${n(y - half)}C${n(x + length * 0.4)} ${n(y - half * (1 + bulge * 0.35))} ${n(x + length * 0.85)} ${n(y - half * bulge * 0.55)} ${n(tipX)} ${n(tipY)}Q${n(x + length * 0.45)} ${n(gape - half * 0.12)} ${n(x - 2)} ${n(gape)}Z`;
  const lower = `M${n(x - 2)} ${n(gape)}Q${n(x + length * 0.5)} ${n(gape - half * 0.05)} ${n(tipX - length * 0.06)} ${n(tipY + 0.2)}C${n(x + length * 0.7)} ${n(y + half * (0.55 + bulge * 0.3))} ${n(x + length * 0.3)} ${n(y + half * 1.02)} ${n(x - 2)} ${n(y + half)}Z`;
  const shade = (color: string) =>
    sheet.linear([
      [0, lighter(color, 0.28)],
      [0.45, color],
      [1, darker(color, 0.3)],
    ]);
  const tone = (color: string) =>
    inks.tip === undefined
      ? shade(color)
      : sheet.linear(
          [
            [0, color],
            [0.5, color],
            [1, inks.tip],
          ],
          [0, 0, 1, 0],
        );
  return [
    path(lower, { fill: tone(inks.lower) }),
    path(upper, { fill: tone(inks.upper) }),
    path(`M${n(x - 2)} ${n(gape)}Q${n(x + length * 0.45)} ${n(gape - half * 0.12)} ${n(tipX)} ${n(tipY)}`, {
      stroke: darker(inks.lower, 0.6),
      width: Math.max(0.35, depth * 0.05),
      opacity: 0.7,
    }),
    depth > 4 ? ellipse(x + length * 0.16, y - half * 0.4, 0.7, 0.4, { fill: "#000000", opacity: 0.5 }) : "",
  ].join("");
}

function spoonBill({ at: [x, y], length, depth, droop }: BillShape, inks: BillInks, sheet: Sheet): string {
  const half = depth / 2;
  const on = (way: number, down: number) => `${n(x + way * length)} ${n(y + droop * way + down * half)}`;
  const fill = sheet.linear(
    inks.tip === undefined
      ? [
          [0, lighter(inks.upper, 0.25)],
          [0.5, inks.upper],
          [1, darker(inks.lower, 0.3)],
        ]
      : [
          [0, inks.upper],
          [0.55, inks.tip],
          [1, inks.upper],
        ],
    inks.tip === undefined ? [0, 0, 0, 1] : [0, 0, 1, 0.2],
  );
  return [
    path(
      `M${on(-0.12, -1.05)}C${on(0.2, -0.95)} ${on(0.45, -0.1)} ${on(0.8, -0.35)}C${on(0.95, -0.4)} ${on(1.05, 0.1)} ${on(0.98, 0.45)}C${on(0.85, 0.8)} ${on(0.4, 0.75)} ${on(-0.1, 0.95)}Z`,
      { fill },
    ),
    path(`M${on(-0.08, 0.5)}C${on(0.3, 0.3)} ${on(0.6, 0.55)} ${on(0.95, 0.35)}`, {
      stroke: "#2a2410",
      width: 0.5,
      opacity: 0.6,
    }),
    ellipse(x + length * 0.3, y - half * 0.35 + droop * 0.3, 1, 0.55, { fill: "#20200e", opacity: 0.65 }),
    ellipse(x + length * 0.96, y + droop + half * 0.1, 0.9, 1.1, { fill: "#2a2618", opacity: 0.8 }),
  ].join("");
}

/** A dark eye with a glint; `ring` draws the pale ring of bare or feathered skin. */
export function eye(
  [x, y]: Point,
  radius: number,
  { iris = "#1c110b", ring }: { iris?: string; ring?: string },
): string {
  return [
    ring === undefined ? "" : ellipse(x, y, radius * 1.35, radius * 1.3, { fill: ring }),
    ellipse(x, y, radius * 1.08, radius * 1.04, { fill: "#050403", opacity: 0.8 }),
    ellipse(x, y, radius * 0.95, radius * 0.95, { fill: iris }),
    ellipse(x, y, radius * 0.6, radius * 0.6, { fill: "#000000" }),
    ellipse(x + radius * 0.28, y - radius * 0.36, radius * 0.27, radius * 0.27, {
      fill: "#ffffff",
      opacity: 0.9,
    }),
  ].join("");
}

/** A smooth patch without a fringe, for bare parts and masks. */
export function bare(points: readonly Point[], fill: string, opacity = 1): string {
  return path(smoothClosed(points), { fill, opacity });
}
