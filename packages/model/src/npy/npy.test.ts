import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../tensor.ts";
import { formatNpy } from "./format-npy.ts";
import { readNpy, writeNpy } from "./npy-file.ts";
import { parseNpy } from "./parse-npy.ts";

const golden = fileURLToPath(new URL("../../golden/npy/", import.meta.url));
const expectedValues: Record<string, { dtype: string; shape: number[]; values: (string | number)[] }> =
  JSON.parse(await readFile(join(golden, "values.json"), "utf8"));
const files = (await readdir(golden)).filter((name) => name.endsWith(".npy"));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-npy-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Values as Python's str() of them. */
function printed({ dataType, data }: Tensor): (string | number)[] {
  if (dataType === "string") return (data as Uint8Array[]).map((item) => Buffer.from(item).toString("hex"));
  if (dataType === "float16") return Array.from(data as Uint16Array);
  if (dataType === "bool") return Array.from(data as Uint8Array, (item) => (item === 1 ? "True" : "False"));
  return Array.from(data as Float64Array, (item) => (Object.is(item, -0) ? "-0.0" : String(item)));
}

const asNumber = (text: string | number) => {
  if (text === "-0.0") return -0;
  if (text === "nan") return Number.NaN;
  if (text === "inf" || text === "-inf") return text === "inf" ? Infinity : -Infinity;
  return Number(text);
};

describe("arrays as NumPy saves them", () => {
  test.each(Object.keys(expectedValues))("%s", async (name) => {
    const expected = expectedValues[name]!;
    const tensor = await readNpy(join(golden, `${name}.npy`));
    const dtype = expected.dtype.startsWith("bytes") ? "string" : expected.dtype;
    expect({ dtype: tensor.dataType, shape: tensor.shape }).toEqual({ dtype, shape: expected.shape });
    const values = printed(tensor);
    if (tensor.dataType === "float32" || tensor.dataType === "float64") {
      expect(values.map(asNumber)).toEqual(expected.values.map(asNumber));
    } else {
      expect(values).toEqual(expected.values);
    }
  });

  test.each([
    ["refused-objects.npy", /pickle/],
    ["refused-structured.npy", /structured/],
    ["refused-unicode.npy", /<U2/],
    ["refused-complex.npy", /<c8/],
  ])("%s is refused", async (name, message) => {
    const error = await readNpy(join(golden, name)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "TENSOR_FILE_BROKEN", message: expect.stringMatching(message) });
  });

  test("what is written is byte for byte what NumPy writes", async () => {
    const same = Object.keys(expectedValues).filter((name) => !/big-endian|fortran|version/.test(name));
    expect(same.length).toBeGreaterThan(15);
    for (const name of same) {
      const path = join(golden, `${name}.npy`);
      await writeNpy(join(folder, "again.npy"), await readNpy(path));
      expect(await readFile(join(folder, "again.npy")), name).toEqual(await readFile(path));
    }
  });
});

test("bfloat16 is written as float32 of the same values", async () => {
  const tensor: Tensor = { dataType: "bfloat16", shape: [2], data: Uint16Array.of(0x3fc0, 0xc000) };
  const [header, data] = formatNpy(tensor);
  expect(parseNpy(Buffer.concat([header, data]), "x")).toEqual({
    dataType: "float32",
    shape: [2],
    data: Float32Array.of(1.5, -2),
  });
});

test("nothing is left behind when a file cannot be written", async () => {
  const tensor: Tensor = { dataType: "float32", shape: [1], data: Float32Array.of(1) };
  const at = await mkdtemp(join(folder, "kept-"));
  await writeFile(join(at, "is-a-folder"), "");
  await expect(writeNpy(join(at, "is-a-folder", "x.npy"), tensor)).rejects.toMatchObject({ code: "DISK" });
  expect(await readdir(at)).toEqual(["is-a-folder"]);
});

test("missing files, folders and files beyond the limit are told apart", async () => {
  await expect(readNpy(join(folder, "none.npy"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await expect(readNpy(folder)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  await expect(readNpy(join(golden, "f4.npy"), { maxBytes: 100 })).rejects.toMatchObject({
    code: "FILE_TOO_LARGE",
  });
});

test("shape, element type and values survive a round trip", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(shape, fc.infiniteStream(fc.float()), (sizes, stream) => {
      const count = sizes.reduce((product, size) => product * size, 1);
      const tensor: Tensor = {
        dataType: "float32",
        shape: sizes,
        data: Float32Array.from([...stream.take(count)]),
      };
      expect(parseNpy(Buffer.concat(formatNpy(tensor)), "x")).toEqual(tensor);
    }),
  );
});

test("a mutated file is read or refused, never anything else, and takes no memory beyond its size", async () => {
  const contents = await Promise.all(
    files.map(async (name) => new Uint8Array(await readFile(join(golden, name)))),
  );
  const mutation = fc.record({
    file: fc.nat(contents.length - 1),
    cut: fc.option(fc.nat(300), { freq: 3 }),
    edits: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
    text: fc.option(
      fc.tuple(
        fc.integer({ min: 10, max: 90 }),
        fc.constantFrom(
          "9999999999",
          "(,",
          "'|S0'",
          "'>f8'",
          "'|O'",
          "-1",
          "True",
          "}",
          "'",
          "{",
          "'|S1073741824'",
        ),
      ),
    ),
  });
  let refused = 0;
  fc.assert(
    fc.property(mutation, ({ file, cut, edits, text }) => {
      const mutated = contents[file]!.slice();
      for (const [at, byte] of edits) if (at < mutated.length) mutated[at] = byte;
      if (text !== null)
        mutated.set(new TextEncoder().encode(text[1]).subarray(0, mutated.length - text[0]), text[0]);
      const content = cut === null ? mutated : mutated.subarray(0, cut);
      try {
        const { shape, data } = parseNpy(content, "x.npy");
        expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
      } catch (error) {
        if (!(error instanceof FieldmarkError) || error.code !== "TENSOR_FILE_BROKEN") throw error;
        refused++;
      }
    }),
    { numRuns: 5000, seed: 4 },
  );
  expect(refused).toBeGreaterThan(1000);
});
