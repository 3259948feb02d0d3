/** Colours are `#rrggbb`. */
export type Color = string;

function rgbOf(color: Color): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function toHex(channels: readonly number[]): Color {
  return `#${channels
    .map((value) =>
      Math.min(255, Math.max(0, Math.round(value)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** `share` of `other` in `color`. */
export function blend(color: Color, other: Color, share: number): Color {
  const [from, to] = [rgbOf(color), rgbOf(other)];
  return toHex(from.map((value, i) => value + ((to[i] ?? 0) - value) * share));
}

export const darker = (color: Color, share: number): Color => blend(color, "#000000", share);
export const lighter = (color: Color, share: number): Color => blend(color, "#ffffff", share);

/** The colour moved by up to `amount` of 255 in each channel, by a function that gives numbers in [0, 1). */
export function varied(color: Color, amount: number, next: () => number): Color {
  const shift = (next() - 0.5) * amount;
  return toHex(rgbOf(color).map((value) => value + shift + (next() - 0.5) * amount));
}
