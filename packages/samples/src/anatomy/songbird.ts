import { apply, compose, type Matrix, mix, type Point, place, smoothClosed } from "../drawing/geometry.ts";
import type { FeatherInk } from "../drawing/plumage.ts";
import { strokes } from "../drawing/plumage.ts";
import { ellipse, group, path, type Sheet } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import { type BillInks, type BillShape, bill, eye } from "./head.ts";
import { leg, type TailShape, tail, toes } from "./tail.ts";
import { foldedWing, type WingInks } from "./wing.ts";

/**
 * Proportions of a bird that sits and is seen from the side. The body frame has its origin in the middle
 * of the body, the breast towards +x and the back towards −y, about 80 units from breast to tail.
 */
export interface BodyPlan {
  /** Arc of the head frame from the throat over the bill's base and the crown to the nape, facing +x. */
  readonly head: readonly Point[];
  /** Arc of the body frame from the mantle over the tail's base and the belly to the breast. */
  readonly body: readonly Point[];
  /** The head frame's origin, in the body frame. */
  readonly headAt: Point;
  readonly headSize?: number;
  readonly eye: { readonly at: Point; readonly radius: number };
  readonly bill: BillShape;
  readonly wing: {
    readonly at: Point;
    readonly length: number;
    readonly depth: number;
    readonly turn: number;
  };
  readonly tail: TailShape & { readonly at: Point; readonly turn: number };
  /** Thickness 0 hides the legs: the bird swims or hovers. */
  readonly legs: { readonly at: Point; readonly length: number; readonly thickness: number };
}

/** Tools that a plumage paints with; points are in the frame of the part it paints. */
export interface Brush {
  readonly random: Random;
  readonly sheet: Sheet;
}

export interface Plumage {
  /** Ground colour of head and body. */
  readonly base: string;
  readonly body: (brush: Brush) => readonly string[];
  readonly head: (brush: Brush) => readonly string[];
  /** A folded wing, or two drawn wings (body frame) of a bird on the wing. */
  readonly wing: WingInks | { readonly far: string; readonly near: string };
  readonly tail: { readonly inner: FeatherInk; readonly outer?: FeatherInk };
  readonly bill: BillInks;
  readonly legs: string;
  /** Drawn behind everything, in the body frame. */
  readonly behind?: string;
  readonly iris?: string;
  readonly eyeRing?: string;
  /** Strength of the light and dark barbs that texture the plumage, 0–1. */
  readonly texture?: number;
}

export interface Pose {
  /** Degrees the breast is raised. */
  readonly posture: number;
  /** Degrees the bill points up. */
  readonly headTurn: number;
  /** Looks over its shoulder. */
  readonly lookingBack: boolean;
  /** Degrees the tail is raised against the body. */
  readonly tailLift: number;
  /** 0.85 lean to 1.15 fluffed up. */
  readonly plumpness: number;
  /** 1 = side view; below, turned a little towards or away from the viewer. */
  readonly foreshortening: number;
}

/** A drawn bird in bird coordinates; the feet stand at `feet`. */
export interface Figure {
  readonly behindPerch: string;
  /** Toes, drawn over the perch. */
  readonly beforePerch: string;
  readonly feet: Point;
  readonly billTip: Point;
  /** [left, top, right, bottom] of head, body and tail. */
  readonly bounds: readonly [number, number, number, number];
}

export function songbird(plan: BodyPlan, plumage: Plumage, pose: Pose, brush: Brush): Figure {
  const { random, sheet } = brush;
  const body = compose(
    place({ at: [0, 0], scale: [pose.foreshortening, 1] }),
    place({ at: [0, 0], turn: -pose.posture, scale: [1, pose.plumpness] }),
  );
  const head = headFrame(plan, pose, body);
  const headArc = plan.head.map((point) => apply(head, point));
  const outline = joined(
    pose.lookingBack ? headArc.reverse() : headArc,
    plan.body.map((point) => apply(body, point)),
  );
  const silhouette = smoothClosed(outline);
  const clip = sheet.clip(silhouette);
  const tailFrame = compose(body, place({ at: plan.tail.at, turn: plan.tail.turn + pose.tailLift }));
  const wingFrame = compose(body, place({ at: plan.wing.at, turn: plan.wing.turn }));
  const hip = apply(body, plan.legs.at);
  const feet: Point = [hip[0] + 3, hip[1] + plan.legs.length];
  const standing = plan.legs.thickness > 0;
  const farFoot: Point = [feet[0] + 8, feet[1] - 0.6];
  const tailTip = apply(tailFrame, [-plan.tail.length, 0]);
  const billTip = apply(head, [plan.bill.at[0] + plan.bill.length, plan.bill.at[1] + plan.bill.droop]);
  const bounds = boundsOf([...outline, tailTip, billTip, feet]);
  return {
    behindPerch: [
      group(plumage.behind ?? "", { frame: body }),
      "far" in plumage.wing ? group(plumage.wing.far, { frame: body }) : "",
      group(tail(plan.tail, plumage.tail, random), { frame: tailFrame }),
      standing ? leg([hip[0] + 7, hip[1] - 3], farFoot, plumage.legs, plan.legs.thickness) : "",
      standing ? leg(hip, feet, plumage.legs, plan.legs.thickness) : "",
      path(silhouette, { fill: plumage.base }),
      group(
        [
          group(plumage.body(brush), { frame: body }),
          group(barbs(plumage.texture ?? 0.5, random), { frame: body }),
          group(plumage.head(brush), { frame: head }),
          shading(silhouette, bounds, sheet),
        ],
        { clip },
      ),
      "near" in plumage.wing
        ? group(plumage.wing.near, { frame: body })
        : group(foldedWing(plan.wing, plumage.wing, random), { frame: wingFrame }),
      group(
        [
          bill(plan.bill, plumage.bill, sheet),
          eye(plan.eye.at, plan.eye.radius, {
            ...(plumage.iris === undefined ? {} : { iris: plumage.iris }),
            ...(plumage.eyeRing === undefined ? {} : { ring: plumage.eyeRing }),
          }),
        ],
        { frame: head },
      ),
    ].join(""),
    beforePerch: standing
      ? toes(feet, plumage.legs, plan.legs.thickness) + toes(farFoot, plumage.legs, plan.legs.thickness)
      : "",
    feet: [feet[0] + 4, feet[1]],
    billTip,
    bounds,
  };
}

/** One closed outline; where the raised breast would fold over the throat, it bulges below it instead. */
function joined(headArc: readonly Point[], bodyArc: readonly Point[]): readonly Point[] {
  const throat = headArc[0] ?? [0, 0];
  const kept = bodyArc.slice(0, bodyArc.findLastIndex(([, y]) => y > throat[1] + 7) + 1);
  const breast = kept.at(-1);
  if (breast === undefined || kept.length === bodyArc.length) return [...headArc, ...bodyArc];
  const [x, y] = mix(throat, breast, 0.5);
  return [...headArc, ...kept, [x + 4.5, y]];
}

/** The head keeps its size and nearly its level whatever the body does. */
function headFrame(plan: BodyPlan, pose: Pose, body: Matrix): Matrix {
  const size = plan.headSize ?? 1;
  return place({
    at: apply(body, plan.headAt),
    turn: pose.lookingBack ? pose.headTurn : -pose.headTurn,
    scale: [(pose.lookingBack ? -size : size) * (0.5 + pose.foreshortening * 0.5), size],
  });
}

function barbs(strength: number, random: Random): string {
  const area = { centre: [0, 0], radii: [46, 27] } as const;
  return [
    strokes(
      { ...area, count: 130, length: 4.5, color: "#000000", width: 0.55, opacity: 0.2 * strength },
      random,
    ),
    strokes(
      { ...area, count: 110, length: 4, color: "#ffffff", width: 0.5, opacity: 0.3 * strength },
      random,
    ),
  ].join("");
}

function shading(silhouette: string, [left, top, right, bottom]: Figure["bounds"], sheet: Sheet): string {
  const [width, height] = [right - left, bottom - top];
  return [
    path(silhouette, {
      fill: sheet.linear(
        [
          [0, "#ffffff", 0.16],
          [0.35, "#ffffff", 0],
          [0.55, "#000000", 0],
          [1, "#0a0a20", 0.45],
        ],
        [0.55, 0, 0.45, 1],
      ),
    }),
    path(silhouette, { stroke: "#000014", width: 9, opacity: 0.07 }),
    path(silhouette, { stroke: "#000014", width: 4.5, opacity: 0.09 }),
    path(silhouette, { stroke: "#000014", width: 1.6, opacity: 0.16 }),
    ellipse(left + width * 0.66, top + height * 0.4, width * 0.2, height * 0.22, {
      fill: sheet.radial([
        [0, "#ffffff", 0.22],
        [1, "#ffffff", 0],
      ]),
    }),
  ].join("");
}

function boundsOf(points: readonly Point[]): Figure["bounds"] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
