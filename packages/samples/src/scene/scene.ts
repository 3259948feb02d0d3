import { apply, compose, type Matrix, n, place } from "../drawing/geometry.ts";
import { createSheet, ellipse, group } from "../drawing/sheet.ts";
import type { Random } from "../random.ts";
import type { Species } from "../species/species.ts";
import { backdrop, type Frame } from "./backdrop.ts";
import { PERCHES } from "./perch.ts";

export interface Scene extends Frame {
  readonly svg: string;
  readonly variant: string;
}

/** Draws one bird somewhere in a picture of the given size. */
export function scene(species: Species, { width, height }: Frame, random: Random): Scene {
  const sheet = createSheet();
  const variant = random.weighted(species.variants);
  const figure = variant.draw({ random: random.fork("bird"), sheet });
  const perch = random.weighted(variant.perches ?? species.perches).kind;
  const background = perch === "water" ? "water" : random.weighted(species.backdrops).kind;

  const [left, top, right, bottom] = figure.bounds;
  const facing = random.chance(0.5) ? 1 : -1;
  const wanted =
    species.size * (random.chance(0.16) ? random.between(0.38, 0.62) : random.between(0.72, 1.2));
  const unit = Math.min((width * wanted) / (right - left), (height * 0.92) / (bottom - top));
  const [boxWidth, boxHeight] = [(right - left) * unit, (bottom - top) * unit];
  const slackX = Math.max(0, width - boxWidth);
  const slackY = Math.max(0, height - boxHeight);
  const x = slackX * random.between(0.12, 0.88);
  const y = slackY * random.between(0.2, 0.8);
  const camera: Matrix =
    facing === 1
      ? [unit, 0, 0, unit, x - left * unit, y - top * unit]
      : [-unit, 0, 0, unit, x + right * unit, y - top * unit];
  const tilt = perch === "water" || perch === "trunk" ? 0 : random.normal(0, 3);
  const bird = compose(camera, place({ at: [0, 0], turn: tilt }));

  const feet = apply(bird, figure.feet);
  const setting = PERCHES[perch]({
    width,
    height,
    unit,
    feet,
    billTip: apply(bird, figure.billTip),
    facing,
    wintry: background === "winter",
    random: random.fork("perch"),
    sheet,
  });
  const drawn = group(figure.behindPerch, { frame: bird });
  const layers = [
    backdrop(background, { width, height }, random.fork("backdrop"), sheet),
    setting.behind ?? "",
    setting.waterline === undefined
      ? drawn
      : [
          group(group(drawn, { frame: [1, 0, 0, -0.8, 0, setting.waterline * 1.8] }), {
            opacity: 0.38,
            clip: sheet.clip(`M0 ${n(setting.waterline)}H${width}V${height}H0Z`),
          }),
          group(drawn, { clip: sheet.clip(`M0 0H${width}V${n(setting.waterline + unit)}H0Z`) }),
        ].join(""),
    setting.underToes ?? "",
    group(figure.beforePerch, { frame: bird }),
    setting.front ?? "",
    blurredLeaf({ width, height }, random.fork("leaf")),
  ];
  return {
    width,
    height,
    variant: variant.name,
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><defs>${sheet.definitions.join("")}</defs>${layers.join("")}</svg>`,
  };
}

/** Sometimes a leaf close to the lens covers a corner of the picture. */
function blurredLeaf({ width, height }: Frame, random: Random): string {
  if (!random.chance(0.16)) return "";
  const [x, y] = [random.chance(0.5) ? 0 : width, random.next() * height];
  const color = random.pick(["#6f8f4a", "#8fa65c", "#4e6a38", "#a9a15a"]);
  const [rx, ry] = [width * random.between(0.1, 0.22), height * random.between(0.05, 0.14)];
  return [1.25, 1.1, 0.95, 0.8]
    .map((share) => ellipse(x, y, rx * share, ry * share, { fill: color, opacity: 0.3 }))
    .join("");
}
