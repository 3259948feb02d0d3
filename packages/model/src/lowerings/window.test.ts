import fc from "fast-check";
import { expect, test } from "vitest";
import { samePadding } from "./window.ts";

test.each([
  { size: 224, kernel: 3, stride: 2, dilation: 1, pads: [0, 1] },
  { size: 113, kernel: 3, stride: 2, dilation: 1, pads: [1, 1] },
  { size: 224, kernel: 7, stride: 2, dilation: 1, pads: [2, 3] },
  { size: 10, kernel: 3, stride: 5, dilation: 1, pads: [0, 0] },
  { size: 7, kernel: 3, stride: 1, dilation: 2, pads: [2, 2] },
  { size: 6, kernel: 2, stride: 1, dilation: 1, pads: [0, 1] },
])(
  "SAME $size/$kernel/$stride dilated $dilation pads $pads, as TensorFlow 2.21 does",
  ({ size, pads, ...axis }) => {
    expect(samePadding(size, axis)).toEqual(pads);
  },
);

test("SAME gives ceil(size / stride) positions with the least padding, the odd zero at the end", () => {
  const number = (max: number) => fc.integer({ min: 1, max });
  fc.assert(
    fc.property(number(400), number(11), number(6), number(4), (size, kernel, stride, dilation) => {
      const [before, after] = samePadding(size, { kernel, stride, dilation });
      const reach = (kernel - 1) * dilation + 1;
      const positions = (padding: number): number => Math.floor((size + padding - reach) / stride) + 1;
      const wanted = Math.ceil(size / stride);
      expect([0, 1]).toContain(after - before);
      expect(positions(before + after)).toBe(before + after === 0 ? Math.max(positions(0), wanted) : wanted);
      if (before + after > 0) expect(positions(before + after - 1)).toBeLessThan(wanted);
    }),
  );
});
