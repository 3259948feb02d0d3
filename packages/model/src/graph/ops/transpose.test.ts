import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "../../tensor.ts";
import { transposeTensor } from "./transpose.ts";

/** Element by element, from the definition. */
function byDefinition({ shape, data }: Tensor, perm: readonly number[]): number[] {
  const source = data as Float32Array;
  const target = perm.map((axis) => shape[axis]!);
  return Array.from({ length: source.length }, (_, index) => {
    let rest = index;
    const position = new Array<number>(shape.length).fill(0);
    for (let axis = target.length - 1; axis >= 0; axis--) {
      position[perm[axis]!] = rest % target[axis]!;
      rest = Math.floor(rest / target[axis]!);
    }
    return source[position.reduce((offset, at, axis) => offset * shape[axis]! + at, 0)]!;
  });
}

const transposition = fc
  .array(fc.integer({ min: 1, max: 19 }), { minLength: 0, maxLength: 4 })
  .chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length, maxLength: shape.length },
      ),
      fc.constantFrom(Float32Array, Int32Array, Uint8Array, Float64Array),
    ),
  );

test("every permutation of every shape and element size is that of the definition", () => {
  fc.assert(
    fc.property(transposition, ([shape, perm, ArrayType]) => {
      const length = shape.reduce((count, size) => count * size, 1);
      const data = new ArrayType(length);
      for (let index = 0; index < length; index++) data[index] = index % 251;
      const tensor: Tensor = { dataType: "float32", shape, data };
      const result = transposeTensor(tensor, perm)!;
      expect(result.shape).toEqual(perm.map((axis) => shape[axis]!));
      expect(Array.from(result.data as Float32Array)).toEqual(byDefinition(tensor, perm));
      expect(result.data.constructor).toBe(ArrayType);
    }),
    { numRuns: 150 },
  );
});

test("a view of a larger buffer is read at its place, and NaNs keep their bits", () => {
  const bits = Uint32Array.of(0, 0x7fc00001, 1, 0x7f800002, 2);
  const data = new Float32Array(bits.buffer, 4, 4);
  const { data: moved } = transposeTensor({ dataType: "float32", shape: [2, 2], data }, [1, 0])!;
  const { buffer, byteOffset } = moved as Float32Array;
  expect(new Uint32Array(buffer, byteOffset, 4)).toEqual(Uint32Array.of(0x7fc00001, 0x7f800002, 1, 2));
});
