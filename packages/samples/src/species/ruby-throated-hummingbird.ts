import { type BodyPlan, type Plumage, type Pose, songbird } from "../anatomy/songbird.ts";
import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { type Point, points } from "../drawing/geometry.ts";
import { feather, patch, scallops, strokes } from "../drawing/plumage.ts";
import { group } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { Species } from "./species.ts";

const plan: BodyPlan = {
  head: points("5,14 10,8.5 12.5,3 12.5,-1 9,-8 2,-11.5 -6,-10.5 -12,-5 -15,4"),
  body: points("6,-12.5 -10,-12.5 -27,-8.5 -40,-4 -44,0 -40,4 -26,8 -8,12 8,12.5 19,7"),
  headAt: [22, -11],
  eye: { at: [4, -2.5], radius: 2 },
  bill: { at: [11.5, 1], length: 35, depth: 2.9, bulge: 0.2, droop: 0.8 },
  wing: { at: [12, -3], length: 58, depth: 13, turn: 4 },
  tail: { at: [-38, 0], turn: 0, length: 24, spread: 26, middle: 0.78, feathers: 7, width: 5 },
  legs: { at: [-2, 10], length: 4, thickness: 0 },
};

/** A fan of ten primaries from the wrist, blurred by their own beat. */
function beatingWing(
  root: Point,
  angle: number,
  reach: number,
  color: string,
  { random, blur }: { random: Random; blur: string },
): string {
  const beat = (turn: number, opacity: number): string =>
    Array.from({ length: 11 }, (_, i) => {
      const share = i / 10;
      const direction = ((angle + turn + share * 60) * Math.PI) / 180;
      const length = reach * (1 - share * 0.56) * random.between(0.97, 1.03);
      const base: Point = [
        root[0] + Math.cos(direction) * reach * 0.12 * (1 - share),
        root[1] + Math.sin(direction) * reach * 0.12 * (1 - share),
      ];
      return feather(
        base,
        [root[0] + Math.cos(direction) * length, root[1] + Math.sin(direction) * length],
        reach * 0.17,
        {
          fill: color,
          edge: darker(color, 0.45),
          edgeWidth: 0.45,
          opacity,
        },
      );
    }).join("");
  return group(beat(random.between(-16, -8), 0.16) + beat(0, 0.42) + beat(random.between(7, 14), 0.16), {
    filter: blur,
  });
}

function plumage(
  random: Random,
  { male, hovering }: { readonly male: boolean; readonly hovering: boolean },
  blur: string,
): Plumage {
  const green = varied(random.pick(["#3f7a4a", "#4c8048", "#35704f"]), 18, random.next);
  const gloss = lighter(green, 0.35);
  const white = varied("#dedfd6", 10, random.next);
  const ruby = varied(random.pick(["#b01232", "#c0203a", "#8a1028", "#c8402a"]), 18, random.next);
  const dusky = varied("#5a5450", 12, random.next);
  const up = random.between(-150, -100);
  return {
    base: white,
    body: (brush) => [
      patch(points("20,-20 -10,-18 -30,-13 -48,-6 -46,1 -26,0 -4,-2 18,-4"), green, brush),
      scallops(
        { centre: [-10, -7], radii: [32, 7], size: 4.4, center: green, edge: gloss, opacity: 0.75 },
        random,
      ),
      patch(
        points("-40,6 -24,1 -6,3 6,6 2,14 -20,12"),
        blend(male ? darker(green, 0.15) : "#b9a98c", white, male ? 0.35 : 0.45),
        { ...brush, opacity: 0.85 },
      ),
      strokes(
        { centre: [0, 7], radii: [22, 5], count: 30, length: 3, color: "#6a6a5c", width: 0.6, opacity: 0.4 },
        random,
      ),
    ],
    head: (brush) => [
      patch(points("16,-1 6,0 -6,1 -14,6 -26,6 -18,-16 12,-14"), green, brush),
      scallops(
        { centre: [-1, -6.5], radii: [12, 4.5], size: 3.2, center: green, edge: gloss, opacity: 0.8 },
        random,
      ),
      ...(male
        ? [
            patch(points("13,3 6,3.5 -4,4.5 -8,9 -3,15 6,17 13,10"), darker(ruby, 0.4), {
              random: brush.random,
              fringe: 0.4,
            }),
            scallops(
              {
                centre: [3.5, 9.2],
                radii: [9.5, 5.8],
                size: 2.8,
                center: ruby,
                edge: lighter(ruby, 0.28),
                opacity: 0.95,
              },
              random,
            ),
            patch(points("13,1.5 4,2.2 -6,3.6 -7,5.4 3,4.4 12,3.8"), "#11100f", {
              random: brush.random,
              fringe: 0.3,
            }),
          ]
        : [
            patch(points("13,3 4,3.5 -6,5 -10,10 2,18 14,12"), lighter(white, 0.4), {
              random: brush.random,
              fringe: 0.4,
            }),
            strokes(
              {
                centre: [4, 9],
                radii: [8, 5],
                count: 16,
                length: 1.6,
                color: dusky,
                width: 0.6,
                opacity: 0.5,
              },
              random,
            ),
          ]),
    ],
    wing: hovering
      ? {
          far: beatingWing([10, -6], up + random.between(30, 55), 57, dusky, { random, blur }),
          near: beatingWing([8, -4], up, 62, blend(dusky, "#8a8480", 0.3), { random, blur }),
        }
      : {
          primaries: { fill: dusky, edge: lighter(dusky, 0.25), edgeWidth: 0.5 },
          secondaries: { fill: darker(dusky, 0.1), edge: lighter(dusky, 0.2), edgeWidth: 0.5 },
          tertials: { fill: darker(dusky, 0.1) },
          greaterCoverts: { fill: green, edge: gloss, edgeWidth: 0.6 },
          medianCoverts: { fill: green, edge: gloss, edgeWidth: 0.5 },
          shoulder: green,
          scapulars: green,
        },
    tail: {
      inner: {
        fill: male ? "#2b2a30" : blend(green, "#2b2a30", 0.5),
        edge: blend(green, "#2b2a30", 0.4),
        ...(male ? {} : { tip: "#eceae4", tipShare: 0.16 }),
      },
    },
    bill: { upper: "#1b1918", lower: "#2b2826" },
    legs: "#2b2724",
    texture: 0.4,
  };
}

const hoverPose = (random: Random): Pose => ({
  posture: random.normal(46, 11),
  headTurn: random.normal(2, 8),
  lookingBack: false,
  tailLift: random.normal(-14, 9),
  plumpness: random.between(0.92, 1.1),
  foreshortening: random.between(0.85, 1),
});

const perchPose = (random: Random): Pose => ({
  ...hoverPose(random),
  posture: random.normal(52, 6),
  headTurn: random.normal(6, 8),
  lookingBack: random.chance(0.15),
  tailLift: random.normal(-4, 4),
});

export const rubyThroatedHummingbird: Species = {
  id: 68,
  className: "068.Ruby_throated_Hummingbird",
  size: 0.62,
  variants: [
    {
      name: "male",
      weight: 0.42,
      draw: (brush) =>
        songbird(
          plan,
          plumage(brush.random, { male: true, hovering: true }, brush.sheet.blur(0.7)),
          hoverPose(brush.random),
          brush,
        ),
    },
    {
      name: "female",
      weight: 0.33,
      draw: (brush) =>
        songbird(
          plan,
          plumage(brush.random, { male: false, hovering: true }, brush.sheet.blur(0.7)),
          hoverPose(brush.random),
          brush,
        ),
    },
    ...[true, false].map((male) => ({
      name: male ? "male" : "female",
      weight: 0.125,
      perches: [
        { kind: "branch", weight: 1 },
        { kind: "wire", weight: 1 },
      ] as const,
      draw: (brush: Parameters<typeof songbird>[3]) =>
        songbird(
          { ...plan, legs: { ...plan.legs, thickness: 1.2 } },
          plumage(brush.random, { male, hovering: false }, ""),
          perchPose(brush.random),
          brush,
        ),
    })),
  ],
  perches: [{ kind: "flower", weight: 1 }],
  backdrops: [
    { kind: "garden", weight: 3 },
    { kind: "foliage", weight: 4 },
    { kind: "shade", weight: 2 },
    { kind: "sky", weight: 1 },
    { kind: "overcast", weight: 1 },
  ],
};
