import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { n } from "../drawing/geometry.ts";
import { ellipse, path } from "../drawing/sheet.ts";
import type { PerchDrawing, Setting } from "./setting.ts";

/** The rim of a seed feeder: a wooden tray with seeds, or a metal ring with the tube behind it. */
export function feeder({ random, unit, feet, facing, height, sheet, width }: Setting): PerchDrawing {
  const y = feet[1];
  if (random.chance(0.5)) {
    const wood = varied(random.pick(["#9c7a52", "#7c6248", "#a88c68", "#8d3f34"]), 20, random.next);
    const [left, right] = facing === 1 ? [feet[0] - 40 * unit, width + 10] : [-10, feet[0] + 40 * unit];
    const deep = unit * random.between(9, 15);
    const seeds = Array.from({ length: 30 }, () =>
      ellipse(random.between(left, right), y + unit * random.between(-1.4, 0.6), unit * 1.7, unit * 1.1, {
        fill: random.pick(["#2b2522", "#c9b07a", "#5a4a3a"]),
      }),
    );
    return {
      underToes: [
        ...seeds,
        path(`M${n(left)} ${n(y)}H${n(right)}V${n(y + deep)}H${n(left)}Z`, {
          fill: sheet.linear([
            [0, lighter(wood, 0.25)],
            [0.3, wood],
            [1, darker(wood, 0.45)],
          ]),
        }),
        path(`M${n(left)} ${n(y + deep * 0.5)}H${n(right)}`, {
          stroke: darker(wood, 0.4),
          width: unit * 0.7,
          opacity: 0.4,
        }),
      ].join(""),
    };
  }
  const tubeX = feet[0] + facing * 46 * unit;
  const tube = unit * random.between(22, 30);
  const top = -10;
  return {
    behind: [
      path(
        `M${n(tubeX - tube)} ${top}H${n(tubeX + tube)}V${n(Math.min(height + 10, y + 60 * unit))}H${n(tubeX - tube)}Z`,
        {
          fill: sheet.linear(
            [
              [0, "#d8e0e2", 0.75],
              [0.3, "#8a7a5c", 0.8],
              [0.7, "#4c4236", 0.85],
              [1, "#c9d2d4", 0.75],
            ],
            [0, 0, 1, 0],
          ),
        },
      ),
    ].join(""),
    underToes: path(
      `M${n(tubeX)} ${n(y + 2 * unit)}L${n(feet[0] - facing * 10 * unit)} ${n(y + 1.4 * unit)}`,
      { stroke: "#55595c", width: unit * 3.2 },
    ),
  };
}

/** Open ground: earth, dry grass or short turf. */
export function ground({ random, unit, feet, width, height, wintry, sheet }: Setting): PerchDrawing {
  const soil = wintry
    ? "#dfe4ea"
    : varied(random.pick(["#8c7a58", "#7b8a4a", "#a4916a", "#6f6350"]), 22, random.next);
  const horizon = feet[1] - unit * random.between(10, 40);
  const tufts = [0, 1, 2].map((tone) => {
    let d = "";
    for (let i = 0; i < 90; i++) {
      const y = random.between(tone === 2 ? Math.min(feet[1] + 9 * unit, height) : horizon, height + 8);
      const near = (y - horizon) / (height - horizon + 1);
      d += `M${n(random.next() * width)} ${n(y)}q${n(random.normal(0, 2) * unit)} ${n(-unit * 3 * (0.3 + near))} ${n(random.normal(0, 4) * unit)} ${n(-unit * random.between(3, 9) * (0.3 + near))}`;
    }
    return path(d, {
      stroke: tone === 0 ? darker(soil, 0.35) : tone === 1 ? soil : lighter(soil, 0.35),
      width: unit * 1,
      opacity: 0.7,
    });
  });
  return {
    behind: [
      path(`M0 ${n(horizon)}H${n(width)}V${n(height)}H0Z`, {
        fill: sheet.linear([
          [0, soil, 0],
          [0.25, blend(soil, "#c9c2a0", 0.15), 0.95],
          [1, darker(soil, 0.2)],
        ]),
      }),
      ...tufts.slice(0, 2),
      ellipse(feet[0] - 6 * unit, feet[1] + 3 * unit, 40 * unit, 5 * unit, {
        fill: sheet.radial([
          [0, "#000000", 0.45],
          [1, "#000000", 0],
        ]),
      }),
    ].join(""),
    front: tufts[2] ?? "",
  };
}

/** The weathered top of a post or stump. */
export function stump({ random, unit, feet, height, sheet }: Setting): PerchDrawing {
  const wood = varied(random.pick(["#8d8378", "#7a6a58", "#a09488", "#6b5a48"]), 16, random.next);
  const half = unit * random.between(20, 34);
  const d = `M${n(feet[0] - half)} ${n(feet[1] + 2 * unit)}Q${n(feet[0])} ${n(feet[1] - 2 * unit)} ${n(feet[0] + half)} ${n(feet[1] + 1.5 * unit)}L${n(feet[0] + half * 1.06)} ${n(height + 10)}H${n(feet[0] - half * 1.05)}Z`;
  let grain = "";
  for (let i = 0; i < 34; i++) {
    const x = feet[0] + random.between(-0.95, 0.95) * half;
    const y = feet[1] + random.between(2, 70) * unit;
    grain += `M${n(x)} ${n(y)}q${n(random.normal(0, 1) * unit)} ${n(10 * unit)} 0 ${n(random.between(10, 30) * unit)}`;
  }
  return {
    underToes: [
      path(d, {
        fill: sheet.linear(
          [
            [0, lighter(wood, 0.25)],
            [0.45, wood],
            [1, darker(wood, 0.5)],
          ],
          [0, 0, 1, 0],
        ),
      }),
      path(grain, { stroke: darker(wood, 0.55), width: unit * 0.9, opacity: 0.5 }),
      path(
        `M${n(feet[0] - half)} ${n(feet[1] + 2 * unit)}Q${n(feet[0])} ${n(feet[1] - 2 * unit)} ${n(feet[0] + half)} ${n(feet[1] + 1.5 * unit)}`,
        { stroke: lighter(wood, 0.45), width: unit * 1.4, opacity: 0.8 },
      ),
    ].join(""),
  };
}
