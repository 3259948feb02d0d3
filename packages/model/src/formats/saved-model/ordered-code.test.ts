import { expect, test } from "vitest";
import { sliceKey } from "./ordered-code.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const key = (name: string, ...extents: readonly (readonly [number, number])[]): string =>
  hex(
    sliceKey(
      Buffer.from(name, "latin1"),
      extents.map(([start, length]) => ({ start, length })),
    ),
  );

/** num(0), the name, its end, the number of axes, then the extents. */
const NAME_W = "00" + "77" + "0001";

test.each([
  { extents: [[0, -1]], bytes: `${NAME_W}0101807f` },
  {
    extents: [
      [0, 16],
      [0, 6],
    ],
    bytes: `${NAME_W}010280908086`,
  },
  { extents: [[63, 64]], bytes: `${NAME_W}0101bfc040` },
  { extents: [[6667, 8191]], bytes: `${NAME_W}0101da0bdfff` },
  { extents: [[13334, 8192]], bytes: `${NAME_W}0101e03416e02000` },
  { extents: [[-64, -65]], bytes: `${NAME_W}0101403fbf` },
] as const)("extents $extents are written as TensorFlow's OrderedCode does", ({ extents, bytes }) => {
  expect(key("w", ...extents)).toBe(bytes);
});

test("0 and 255 in a name are escaped, so that keys sort as their names do", () => {
  expect(key("a\0\xff")).toBe("00" + "61" + "00ff" + "ff00" + "0001" + "00");
});

test("keys of growing starts sort as the numbers do", () => {
  const starts = [-8193, -8192, -65, -64, -1, 0, 1, 63, 64, 8191, 8192, 2 ** 20, 2 ** 31, 2 ** 40];
  const keys = starts.map((start) => key("w", [start, 0]));
  expect(keys.toSorted()).toEqual(keys);
});
