import { blend, darker, lighter, varied } from "../drawing/color.ts";
import { at, mix, n, type Point, smoothOpen } from "../drawing/geometry.ts";
import { ellipse, group, path } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { PerchDrawing, Setting } from "./setting.ts";

interface Limb {
  readonly from: Point;
  readonly to: Point;
  readonly thickness: number;
  readonly color: string;
}

/** A woody limb with bark, lit from above; slightly crooked. */
function limb({ from, to, thickness, color }: Limb, random: Random, sheet: Setting["sheet"]): string {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const across: Point = [-(to[1] - from[1]) / length, (to[0] - from[0]) / length];
  const steps = 12;
  const [upper, lower]: [Point[], Point[]] = [[], []];
  for (let i = 0; i <= steps; i++) {
    const share = i / steps;
    const half = thickness * (0.56 - 0.14 * share) * random.between(0.86, 1.12);
    const [x, y] = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    upper.push([x - across[0] * half, y - across[1] * half]);
    lower.unshift([x + across[0] * half, y + across[1] * half]);
  }
  const d = `M${[...upper, ...lower].map(at).join("L")}Z`;
  let bark = "";
  for (let i = 0; i < length / 4; i++) {
    const share = random.next();
    const side = random.between(-0.42, 0.46) * thickness;
    const reach = random.between(0.015, 0.05);
    bark += `M${at([from[0] + (to[0] - from[0]) * share + across[0] * side, from[1] + (to[1] - from[1]) * share + across[1] * side])}l${n((to[0] - from[0]) * reach)} ${n((to[1] - from[1]) * reach)}`;
  }
  const steep = Math.abs(to[1] - from[1]) > Math.abs(to[0] - from[0]);
  const light = sheet.linear(
    [
      [0, lighter(color, 0.3)],
      [0.4, color],
      [1, darker(color, 0.5)],
    ],
    steep ? [0, 0, 1, 0] : [0.5, 0, 0.5, 1],
  );
  return [
    path(d, { fill: Math.abs(to[1] - from[1]) > thickness * 2 ? color : light }),
    path(bark, { stroke: darker(color, 0.55), width: Math.max(0.6, thickness * 0.05), opacity: 0.5 }),
    path(`M${upper.map(at).join("L")}`, {
      stroke: lighter(color, 0.4),
      width: thickness * 0.12,
      opacity: 0.5,
    }),
    path(`M${lower.map(at).join("L")}`, {
      stroke: darker(color, 0.6),
      width: thickness * 0.2,
      opacity: 0.45,
    }),
  ].join("");
}

function leaf(from: Point, angle: number, length: number, color: string): string {
  const [dx, dy] = [Math.cos(angle) * length, Math.sin(angle) * length];
  const [ax, ay] = [-dy * 0.32, dx * 0.32];
  const d = `M${at(from)}q${n(dx * 0.4 + ax)} ${n(dy * 0.4 + ay)} ${n(dx)} ${n(dy)}q${n(-dx * 0.6 - ax)} ${n(-dy * 0.6 - ay)} ${n(-dx)} ${n(-dy)}Z`;
  return (
    path(d, { fill: color }) +
    path(`M${at(from)}l${n(dx * 0.9)} ${n(dy * 0.9)}`, {
      stroke: lighter(color, 0.3),
      width: 0.8,
      opacity: 0.6,
    })
  );
}

const barkColor = (random: Random) =>
  varied(random.pick(["#6b5542", "#7d6a58", "#54463a", "#8a8078", "#5c4a36"]), 18, random.next);

function limbThroughFeet(
  { feet, width, unit, random, sheet }: Setting,
  thickness: number,
): { drawn: string; pointAt: (x: number) => Point; span: Point; color: string } {
  const slope = Math.tan((random.normal(0, 11) * Math.PI) / 180);
  const color = barkColor(random);
  const centreY = feet[1] + thickness * 0.5;
  const pointAt = (x: number): Point => [x, centreY + (x - feet[0]) * slope];
  const reach = random.chance(0.35) ? feet[0] + random.between(24, 50) * unit : width * 1.05;
  const ends: [Point, Point] = [pointAt(-width * 0.05), pointAt(reach)];
  const [from, to] = random.chance(0.5) || reach < width ? ends : [ends[1], ends[0]];
  return {
    drawn: limb({ from, to, thickness: thickness * 1.15, color }, random, sheet),
    pointAt,
    span: [0, Math.min(width, reach)],
    color,
  };
}

/** A bare or leafy branch, sometimes under snow. */
export function branch(setting: Setting): PerchDrawing {
  const { random, unit, wintry, sheet, feet } = setting;
  const thickness = unit * random.between(5, 10);
  const { drawn, pointAt, span, color } = limbThroughFeet(setting, thickness);
  const twigs = Array.from({ length: random.integer(1, 4) }, () => {
    const from = pointAt(random.between(...span));
    const to: Point = [
      from[0] + random.normal(0, 60) * unit * 0.6,
      from[1] - random.between(20, 80) * unit * 0.7,
    ];
    return {
      from,
      to,
      drawn: limb({ from, to, thickness: thickness * random.between(0.25, 0.45), color }, random, sheet),
    };
  });
  const snow = wintry && random.chance(0.7);
  const green = varied(random.pick(["#5d8a3a", "#7aa046", "#4c7232", "#98a848"]), 24, random.next);
  const leaves = wintry
    ? []
    : twigs.flatMap(({ from, to }) =>
        Array.from({ length: random.integer(2, 6) }, () => {
          const share = random.between(0.2, 1);
          const start: Point = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
          return leaf(
            start,
            random.between(-Math.PI, 0.6),
            unit * random.between(9, 20),
            varied(green, 30, random.next),
          );
        }),
      );
  const snowCap = snow
    ? Array.from({ length: 16 }, (_, i) => {
        const [x, y] = pointAt((i / 15) * span[1]);
        return Math.abs(x - feet[0]) < 14 * unit && random.chance(0.6)
          ? ""
          : ellipse(x, y - thickness * 0.52, unit * random.between(5, 12), unit * random.between(1.6, 3.2), {
              fill: "#f3f6fa",
            });
      }).join("")
    : "";
  return {
    behind: twigs.map((twig) => twig.drawn).join("") + leaves.slice(2).join(""),
    underToes: drawn + snowCap,
    front: leaves.slice(0, 1).join(""),
  };
}

/** A spruce or pine twig with needles. */
export function conifer(setting: Setting): PerchDrawing {
  const { random, unit, wintry } = setting;
  const thickness = unit * random.between(4, 7);
  const { drawn, pointAt, span } = limbThroughFeet(setting, thickness);
  const green = varied(random.pick(["#3f5f3c", "#4d6b46", "#35533f"]), 16, random.next);
  const needles = (count: number, up: boolean): string =>
    [0, 1, 2]
      .map((shade) => {
        let d = "";
        for (let i = 0; i < count; i++) {
          const from = pointAt(random.between(...span));
          const angle = (up ? -1 : 1) * random.between(0.5, 2.6);
          const reach = unit * random.between(9, 19);
          d += `M${at(from)}l${n(Math.cos(angle) * reach)} ${n(Math.sin(angle) * reach)}`;
        }
        return path(d, {
          stroke:
            shade === 0 ? darker(green, 0.35) : shade === 1 ? green : lighter(green, wintry ? 0.4 : 0.2),
          width: unit * 0.95,
        });
      })
      .join("");
  return { behind: needles(34, true), underToes: drawn + needles(34, false) };
}

/** A tall stem of grass or a reed, bowed under the bird. */
export function stem({ random, unit, feet, height, facing }: Setting): PerchDrawing {
  const color = varied(random.pick(["#9aa052", "#b79f5c", "#7f9448", "#8d7a4a"]), 24, random.next);
  const slope: Point = [random.between(0.25, 0.9) * facing, -1];
  const below = height * 1.05 - feet[1];
  const up = random.between(45, 80) * unit;
  const spine = [
    [feet[0] - slope[0] * below * 0.9, feet[1] + below],
    [feet[0] - slope[0] * below * 0.42, feet[1] + below * 0.5],
    feet,
    [feet[0] + slope[0] * up * 0.6, feet[1] - up * 0.5],
    [feet[0] + slope[0] * up * 1.4, feet[1] - up],
  ] as const satisfies readonly Point[];
  const d = smoothOpen(spine);
  const width = unit * random.between(2.6, 4.4);
  let seeds = "";
  for (let i = 0; i < 40; i++) {
    const [x, y] = mix(spine[3], spine[4], random.between(0, 1.1));
    const side = i % 2 === 0 ? 1 : -1;
    seeds += `M${at([x, y])}q${n(unit * 3 * side + slope[0] * unit * 3)} ${n(-unit * 3)} ${n(unit * 2.4 * side + slope[0] * unit * 7)} ${n(-unit * random.between(5, 9))}`;
  }
  const blades = Array.from({ length: random.integer(3, 8) }, () => {
    const x = random.normal(feet[0], 90 * unit);
    return path(
      `M${n(x)} ${n(height * 1.05)}Q${n(x + random.normal(0, 20) * unit)} ${n(feet[1] + 20 * unit)} ${n(x + random.normal(0, 50) * unit)} ${n(feet[1] - random.between(-10, 60) * unit)}`,
      { stroke: varied(color, 40, random.next), width: unit * random.between(1.2, 3.4), opacity: 0.9 },
    );
  });
  return {
    behind: blades.join(""),
    underToes: [
      path(d, { stroke: darker(color, 0.35), width: width * 1.3 }),
      path(d, { stroke: lighter(color, 0.1), width: width * 0.7 }),
      path(seeds, { stroke: blend(color, "#6a5230", 0.5), width: unit * 1.9 }),
    ].join(""),
  };
}

/** A thistle head full of down, where goldfinches feed. */
export function thistle({ random, unit, feet, height }: Setting): PerchDrawing {
  const [purple, green] = [varied("#9a5aa6", 26, random.next), varied("#6d8450", 20, random.next)];
  const head = (x: number, y: number, size: number, bloom: boolean): string => {
    let d = "";
    for (let i = 0; i < 34; i++) {
      const angle = -Math.PI / 2 + random.normal(0, 0.5);
      d += `M${n(x)} ${n(y)}l${n(Math.cos(angle) * size * random.between(1, 1.6))} ${n(Math.sin(angle) * size * random.between(1, 1.6))}`;
    }
    return (
      path(d, { stroke: bloom ? purple : "#efe8dc", width: unit * 0.9, opacity: 0.9 }) +
      ellipse(x, y + size * 0.3, size * 0.72, size * 0.7, { fill: green }) +
      ellipse(x - size * 0.2, y + size * 0.1, size * 0.35, size * 0.4, {
        fill: lighter(green, 0.25),
        opacity: 0.6,
      })
    );
  };
  const stalk = `M${n(feet[0] - 14 * unit)} ${n(height * 1.05)}Q${n(feet[0] + 6 * unit)} ${n((feet[1] + height) / 2)} ${at([feet[0], feet[1] + 6 * unit])}`;
  const [sx, sy] = [
    feet[0] + random.pick([-1, 1]) * random.between(34, 56) * unit,
    feet[1] - random.between(-26, 22) * unit,
  ];
  const side = `M${n(feet[0])} ${n(feet[1] + 34 * unit)}Q${n((feet[0] + sx) / 2)} ${n(sy + 34 * unit)} ${n(sx)} ${n(sy + 6 * unit)}`;
  return {
    behind: path(side, { stroke: green, width: unit * 2.6 }) + head(sx, sy, unit * 8, random.chance(0.6)),
    underToes:
      path(stalk, { stroke: darker(green, 0.2), width: unit * 3.6 }) +
      head(feet[0], feet[1] + 7 * unit, unit * 11, random.chance(0.5)),
  };
}

/** A fence wire, plain or barbed. */
export function wire({ random, unit, feet, width }: Setting): PerchDrawing {
  const slope = Math.tan((random.normal(0, 5) * Math.PI) / 180);
  const y = (x: number) => feet[1] + unit * 1.2 + (x - feet[0]) * slope;
  const d = `M0 ${n(y(0))}L${n(width)} ${n(y(width))}`;
  const thickness = unit * random.between(2, 3.2);
  let twist = "";
  for (let x = 0; x < width; x += unit * 7)
    twist += `M${n(x)} ${n(y(x) - thickness * 0.5)}l${n(unit * 3)} ${n(thickness)}`;
  return {
    underToes:
      path(d, { stroke: "#4d4a48", width: thickness }) +
      path(twist, { stroke: "#a9a39c", width: unit * 0.8, opacity: 0.8 }),
  };
}

/** An upright trunk that a woodpecker clings to. */
export function trunk({ random, unit, feet, width, height, facing, sheet }: Setting): PerchDrawing {
  const color = barkColor(random);
  const near = feet[0] - facing * unit * 1;
  const far =
    facing === 1
      ? Math.max(near + 60 * unit, width * random.between(0.9, 1.15))
      : Math.min(near - 60 * unit, width * random.between(-0.15, 0.1));
  const lean = random.normal(0, 6) * unit;
  const edge = Array.from({ length: 15 }, (_, i): Point => {
    const y = -10 + ((height + 20) * i) / 14;
    return [near + lean * ((feet[1] - y) / height) + (i % 14 === 0 ? 0 : random.normal(0, 0.8) * unit), y];
  });
  const outline = `M${edge.map(at).join("L")}L${n(far)} ${n(height + 10)}L${n(far)} -10Z`;
  let cracks = "";
  for (let i = 0; i < 150; i++) {
    const [x, y] = [random.between(Math.min(near, far), Math.max(near, far)), random.next() * height];
    cracks += `M${n(x)} ${n(y)}q${n(random.normal(0, 1.4) * unit)} ${n(unit * 6)} ${n(random.normal(0, 1) * unit)} ${n(unit * random.between(8, 18))}`;
  }
  const light = sheet.linear(
    [
      [0, lighter(color, 0.22)],
      [0.4, color],
      [1, darker(color, 0.5)],
    ],
    facing === 1 ? [0, 0, 1, 0] : [1, 0, 0, 0],
  );
  return {
    behind: group(
      [
        path(outline, { fill: light }),
        path(cracks, { stroke: darker(color, 0.6), width: unit * 1.4, opacity: 0.5 }),
        path(cracks, { stroke: lighter(color, 0.35), width: unit * 0.5, opacity: 0.4 }),
      ],
      { clip: sheet.clip(outline) },
    ),
  };
}
