import { darker, lighter, varied } from "../drawing/color.ts";
import { at, n, type Point } from "../drawing/geometry.ts";
import { ellipse, path } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { PerchDrawing, Setting } from "./setting.ts";

/** Trumpet flowers, one of them at the bill's tip. */
export function flower({ random, unit, billTip, facing, height, width }: Setting): PerchDrawing {
  const color = varied(random.pick(["#d8402f", "#e2682f", "#cf3f6e", "#b04fae", "#e58ab0"]), 26, random.next);
  const green = varied("#55803c", 24, random.next);
  const tilt = random.between(-0.35, 0.45);
  const mouth: Point = [
    billTip[0] + facing * unit * random.between(-9, 1),
    billTip[1] + random.normal(0, 0.6) * unit,
  ];
  const size = random.between(0.8, 1.25);
  const main = trumpet(mouth, facing, tilt, unit * size, color, random);
  const base: Point = [
    mouth[0] + facing * Math.cos(tilt) * 36 * unit * size,
    mouth[1] + Math.sin(tilt) * 36 * unit * size,
  ];
  const stalk = `M${at(base)}Q${n(base[0] + facing * 24 * unit)} ${n(base[1] + 6 * unit)} ${n(facing === 1 ? width + 20 : -20)} ${n(Math.min(height, base[1] + random.between(20, 120) * unit))}`;
  const others = Array.from({ length: random.integer(0, 3) }, () => {
    const spot: Point = [
      base[0] + facing * random.between(0, 50) * unit,
      base[1] + random.between(-60, 80) * unit,
    ];
    return trumpet(
      spot,
      facing,
      random.between(-0.8, 0.9),
      unit * random.between(0.6, 1),
      varied(color, 20, random.next),
      random,
    );
  });
  const leaves = Array.from({ length: random.integer(1, 4) }, () => {
    const [x, y] = [
      base[0] + facing * random.between(6, 60) * unit,
      base[1] + random.between(-10, 50) * unit,
    ];
    const [dx, dy] = [random.normal(0, 20) * unit, random.between(-26, 26) * unit];
    return path(
      `M${n(x)} ${n(y)}q${n(dx * 0.5 - dy * 0.4)} ${n(dy * 0.5 + dx * 0.4)} ${n(dx)} ${n(dy)}q${n(-dx * 0.5 + dy * 0.4)} ${n(-dy * 0.5 - dx * 0.4)} ${n(-dx)} ${n(-dy)}Z`,
      {
        fill: varied(green, 26, random.next),
      },
    );
  });
  return {
    behind: [path(stalk, { stroke: green, width: unit * 3 }), ...leaves, ...others].join(""),
    front: main,
  };
}

function trumpet(
  [x, y]: Point,
  facing: 1 | -1,
  tilt: number,
  unit: number,
  color: string,
  random: Random,
): string {
  const on = (along: number, across: number): string =>
    at([
      x + facing * (Math.cos(tilt) * along - Math.sin(tilt) * across) * unit,
      y + (Math.sin(tilt) * along + Math.cos(tilt) * across) * unit,
    ]);
  const tube = `M${on(2, -7)}C${on(12, -4)} ${on(22, -4)} ${on(36, -2.4)}L${on(36, 2.4)}C${on(22, 4)} ${on(12, 4)} ${on(2, 7)}Z`;
  const petals = [-1, -0.35, 0.35, 1]
    .map((side) =>
      path(
        `M${on(4, side * 5)}C${on(-2, side * 9 - 3)} ${on(-7, side * 11)} ${on(-4, side * 13 + 1)}C${on(2, side * 14)} ${on(6, side * 10)} ${on(6, side * 4)}Z`,
        {
          fill: lighter(color, random.between(0, 0.22)),
        },
      ),
    )
    .join("");
  return [
    path(tube, { fill: color }),
    path(`M${on(5, 4.6)}C${on(14, 3)} ${on(24, 3)} ${on(36, 1.6)}`, {
      stroke: darker(color, 0.4),
      width: unit * 2,
      opacity: 0.5,
    }),
    path(`M${on(5, -4)}C${on(14, -2.6)} ${on(24, -2.6)} ${on(35, -1.4)}`, {
      stroke: lighter(color, 0.45),
      width: unit * 1.4,
      opacity: 0.6,
    }),
    petals,
    ellipse(x + facing * unit * 37, y + Math.sin(tilt) * 37 * unit, unit * 4, unit * 3.6, {
      fill: "#6b8a4a",
    }),
  ].join("");
}
