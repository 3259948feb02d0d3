import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadModel } from "../load-model.ts";
import type { Tensor } from "../tensor.ts";

const FOLDER = fileURLToPath(new URL("../../golden/saved-models/", import.meta.url));

interface Plain {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}
type Tensors = Readonly<Record<string, Plain>>;

const golden = readdirSync(FOLDER).flatMap((file) => {
  if (!file.endsWith(".json")) return [];
  const { inputs, outputs }: { inputs?: Tensors; outputs?: Tensors } = JSON.parse(
    readFileSync(FOLDER + file, "utf8"),
  );
  return inputs === undefined || outputs === undefined ? [] : [{ name: file.slice(0, -5), inputs, outputs }];
});

const float32 = ({ shape, values }: Plain): Tensor => ({
  dataType: "float32",
  shape,
  data: Float32Array.from(values, Number),
});
const text = new TextDecoder();
/** Types whose elements are bit patterns here; that their bits are right is tested with the variables. */
const BIT_PATTERNS = new Set(["float16", "bfloat16"]);

test.each(golden)(
  "$name gives TensorFlow's outputs, from the archive to the session",
  async ({ name, inputs, outputs }) => {
    await using model = await loadModel(`${FOLDER}${name}.tar.gz`, { cacheFolder: null, threads: 1 });
    for (const input of Object.values(inputs)) expect(input.dtype).toBe("float32");
    const given = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, float32(input)]));
    const found = await model.predict(given);
    expect(Object.keys(found).sort()).toEqual(Object.keys(outputs).sort());
    for (const [key, { dtype, shape, values }] of Object.entries(outputs)) {
      const tensor = found[key];
      expect(tensor?.dataType, key).toBe(dtype);
      expect(tensor?.shape, key).toEqual(shape);
      const elements = [...(tensor?.data ?? [])];
      for (const [i, value] of values.entries()) {
        const element = elements[i];
        if (element instanceof Uint8Array) expect(text.decode(element), key).toBe(value);
        else if (!BIT_PATTERNS.has(dtype)) {
          const tolerance = 1e-6 * Math.max(1, Math.abs(Number(value)));
          expect(Math.abs(Number(element) - Number(value)), `${key}[${i}]`).toBeLessThanOrEqual(tolerance);
        }
      }
    }
  },
);
