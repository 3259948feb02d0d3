import { type Matrix, n } from "./geometry.ts";

/** Gradients and clip paths of one picture, each under an id of its own. */
export interface Sheet {
  readonly definitions: readonly string[];
  /** Left to right across the shape, or along (x1, y1) → (x2, y2) in shares of its box. */
  readonly linear: (stops: readonly Stop[], axis?: readonly [number, number, number, number]) => string;
  /** From a centre outwards, in shares of the shape's box. */
  readonly radial: (stops: readonly Stop[], centre?: readonly [number, number, number]) => string;
  /** Value for a `clip-path` attribute. */
  readonly clip: (path: string) => string;
  /** Value for a `filter` attribute: a Gaussian blur in user units. */
  readonly blur: (deviation: number) => string;
}

/** [share of the way 0–1, colour, opacity 0–1] */
type Stop = readonly [share: number, color: string, opacity?: number];

export function createSheet(): Sheet {
  const definitions: string[] = [];
  const define = (make: (id: string) => string): string => {
    const id = `d${definitions.length}`;
    definitions.push(make(id));
    return `url(#${id})`;
  };
  return {
    definitions,
    linear: (stops, [x1, y1, x2, y2] = [0, 0, 0, 1]) =>
      define(
        (id) =>
          `<linearGradient id="${id}" x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}">${stopTags(stops)}</linearGradient>`,
      ),
    radial: (stops, [cx, cy, r] = [0.5, 0.5, 0.5]) =>
      define(
        (id) =>
          `<radialGradient id="${id}" cx="${n(cx)}" cy="${n(cy)}" r="${n(r)}">${stopTags(stops)}</radialGradient>`,
      ),
    clip: (path) => define((id) => `<clipPath id="${id}"><path d="${path}"/></clipPath>`),
    blur: (deviation) =>
      define(
        (id) =>
          `<filter id="${id}" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur stdDeviation="${n(deviation)}"/></filter>`,
      ),
  };
}

function stopTags(stops: readonly Stop[]): string {
  return stops
    .map(
      ([share, color, opacity = 1]) =>
        `<stop offset="${n(share)}" stop-color="${color}"${opacity < 1 ? ` stop-opacity="${n(opacity)}"` : ""}/>`,
    )
    .join("");
}

export interface Paint {
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
  readonly opacity?: number;
}

export function path(d: string, { fill = "none", stroke, width = 1, opacity = 1 }: Paint): string {
  const line =
    stroke === undefined
      ? ""
      : ` stroke="${stroke}" stroke-width="${n(width)}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<path d="${d}" fill="${fill}"${line}${opacity < 1 ? ` opacity="${n(opacity)}"` : ""}/>`;
}

export function ellipse(
  x: number,
  y: number,
  rx: number,
  ry: number,
  { fill = "none", opacity = 1 }: Paint,
): string {
  return `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(rx)}" ry="${n(ry)}" fill="${fill}"${opacity < 1 ? ` opacity="${n(opacity)}"` : ""}/>`;
}

export interface GroupLook {
  readonly frame?: Matrix;
  readonly clip?: string;
  readonly filter?: string;
  readonly opacity?: number;
}

export function group(
  children: readonly string[] | string,
  { frame, clip, filter, opacity }: GroupLook,
): string {
  const look = [
    frame === undefined
      ? ""
      : ` transform="matrix(${frame.map((value) => String(Math.round(value * 1e4) / 1e4)).join(" ")})"`,
    clip === undefined ? "" : ` clip-path="${clip}"`,
    filter === undefined ? "" : ` filter="${filter}"`,
    opacity === undefined ? "" : ` opacity="${n(opacity)}"`,
  ].join("");
  return `<g${look}>${typeof children === "string" ? children : children.join("")}</g>`;
}
