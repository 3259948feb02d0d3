import { lighter, varied } from "../drawing/color.ts";
import { n } from "../drawing/geometry.ts";
import { ellipse, path } from "../drawing/sheet.ts";
import type { PerchDrawing, Setting } from "./setting.ts";

/** Open water up to the bird's waterline and beyond, with ripples and the light of the far bank. */
export function water({ random, unit, feet, width, height, sheet }: Setting): PerchDrawing {
  const color = varied(
    random.pick(["#4f7388", "#5d8192", "#3d5a5e", "#6c7f72", "#4a6a9a", "#7c8f98"]),
    24,
    random.next,
  );
  const shore = random.chance(0.35) ? feet[1] - random.between(50, 110) * unit : -10;
  const ripple = (count: number, tone: string, opacity: number, heavy: number): string => {
    let d = "";
    for (let i = 0; i < count; i++) {
      const y = random.between(Math.max(0, shore), height);
      const near = 0.4 + 0.8 * (y / height);
      const reach = unit * random.between(8, 34) * near;
      d += `M${n(random.between(-0.05, 1) * width)} ${n(y)}q${n(reach * 0.5)} ${n(-unit * 1.6 * near)} ${n(reach)} 0`;
    }
    return path(d, { stroke: tone, width: unit * heavy, opacity });
  };
  const wake = Array.from({ length: 4 }, (_, i) => {
    const reach = (62 + i * 17) * unit;
    const y = feet[1] + (3 + i * 5.5) * unit;
    return path(
      `M${n(feet[0] - reach)} ${n(y)}Q${n(feet[0])} ${n(y + (4 + i) * unit)} ${n(feet[0] + reach)} ${n(y)}`,
      {
        stroke: lighter(color, 0.5),
        width: unit * 1.1,
        opacity: 0.5 - i * 0.09,
      },
    );
  });
  return {
    behind: [
      path(`M0 ${n(shore)}H${n(width)}V${n(height)}H0Z`, {
        fill: sheet.linear([
          [0, lighter(color, 0.28), shore > 0 ? 0.6 : 1],
          [0.12, lighter(color, 0.2)],
          [1, color],
        ]),
      }),
      ripple(46, lighter(color, 0.4), 0.45, 1.1),
      ripple(46, "#16262c", 0.28, 1.3),
    ].join(""),
    front: [
      ellipse(feet[0], feet[1] + 1.5 * unit, 56 * unit, 3.4 * unit, {
        fill: sheet.radial([
          [0, "#0a161a", 0.5],
          [1, "#0a161a", 0],
        ]),
      }),
      ...wake,
      ripple(14, lighter(color, 0.5), 0.35, 1),
    ].join(""),
    waterline: feet[1],
  };
}
