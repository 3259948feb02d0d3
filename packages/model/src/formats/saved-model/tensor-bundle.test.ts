import { fileURLToPath } from "node:url";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { openArchive } from "../archive.ts";
import { maskedCrc32c, readTable } from "./bundle-index.ts";
import { openTensorBundle } from "./tensor-bundle.ts";
import { block, table } from "./write-table.test.kit.ts";

const golden = (name: string): string =>
  fileURLToPath(new URL(`../../../golden/saved-models/${name}.tar.gz`, import.meta.url));
const FOLDER = "variables/";
const INDEX = `${FOLDER}variables.index`;
const DATA = `${FOLDER}variables.data-00000-of-00001`;
const filesOf = async (name: string): Promise<Map<string, Uint8Array>> =>
  new Map((await openArchive(golden(name), "gzip")).files);
const code = (expected: string, message: string) =>
  expect.objectContaining({ code: expected, message: expect.stringContaining(message) });

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("the index", () => {
  test.each([{ snappy: false }, { snappy: true }])(
    "several blocks and shared prefixes (snappy: $snappy)",
    ({ snappy }) => {
      const file = table(
        [
          [
            ["", bytes(1)],
            ["conv/bias", bytes(2, 3)],
            ["conv/kernel", bytes()],
          ],
          [["dense/kernel", bytes(4)]],
        ],
        snappy,
      );
      expect(Object.fromEntries(readTable(file, "f"))).toEqual({
        "": bytes(1),
        "conv/bias": bytes(2, 3),
        "conv/kernel": bytes(),
        "dense/kernel": bytes(4),
      });
    },
  );

  test.each([
    { name: "too short", change: (file: Uint8Array) => file.subarray(0, 40), found: "too few" },
    {
      name: "no magic number",
      change: (file: Uint8Array) => file.with(file.length - 1, 0),
      found: "magic number",
    },
    { name: "a flipped bit in a block", change: (file: Uint8Array) => file.with(7, 255), found: "checksum" },
    { name: "cut short in front", change: (file: Uint8Array) => file.subarray(20), found: "" },
  ])("$name is MODEL_BROKEN", ({ change, found }) => {
    const file = table([
      [
        ["conv/bias", bytes(2, 3)],
        ["conv/kernel", bytes(5, 6, 7)],
      ],
    ]);
    expect(() => readTable(change(file), "f")).toThrowError(code("MODEL_BROKEN", found));
  });

  test("a block that is listed twice is refused: reading it again and again would take for ever", () => {
    const good = table([[["a", bytes(1)]], [["b", bytes(2)]]]);
    expect(readTable(good, "f").size).toBe(2);
    const entries = block([["a", bytes(1)]]);
    const typed = Uint8Array.from([...entries, 0]);
    const handle = new BinaryWriter().uint32(0).uint32(entries.length).finish();
    const list = Uint8Array.from([
      ...block([
        ["a", handle],
        ["b", handle],
      ]),
      0,
    ]);
    const crc = (part: Uint8Array): Uint8Array => new Uint8Array(Uint32Array.of(maskedCrc32c(part)).buffer);
    const footer = new Uint8Array(48);
    footer.set([
      0,
      0,
      ...new BinaryWriter()
        .uint32(typed.length + 4)
        .uint32(list.length - 1)
        .finish(),
    ]);
    footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
    const file = Buffer.concat([typed, crc(typed), list, crc(list), footer]);
    expect(() => readTable(file, "f")).toThrowError(code("MODEL_BROKEN", "overlaps"));
  });
});

describe("the tensors", () => {
  test("one flipped bit in the data is found by the tensor's checksum, which names it", async () => {
    const files = await filesOf("keras2_save");
    const index = files.get("1/variables/variables.index") ?? bytes();
    const data = Uint8Array.from(files.get("1/variables/variables.data-00000-of-00001") ?? []);
    const damaged = new Map([
      [INDEX, index],
      [DATA, data],
    ]);
    const key = "layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE";
    const tensor = openTensorBundle(damaged, FOLDER, "m").read(key);
    expect(tensor).toMatchObject({ dataType: "float32", shape: [3, 3, 3, 4] });
    const view = tensor.data as Float32Array;
    expect(view.buffer).toBe(data.buffer);
    const at = view.byteOffset;
    data[at] = (data[at] ?? 0) ^ 1;
    expect(() => openTensorBundle(damaged, FOLDER, "m").read(key)).toThrowError(
      code("MODEL_BROKEN", `tensor "${key}" is damaged: its CRC32C does not match`),
    );
  });

  test("a tensor cut into slices over several files is put together", async () => {
    const files = await filesOf("sharded");
    const shards = [...files.keys()].filter((name) => name.includes("variables.data-"));
    expect(shards.length).toBeGreaterThan(1);
    const bundle = openTensorBundle(files, FOLDER, "m");
    const key = "kernel/.ATTRIBUTES/VARIABLE_VALUE";
    expect(bundle.read(key).shape).toEqual([12, 5]);
    const whole = bundle.read(key).data as Float32Array;
    const part = bundle.read(key, { start: [3, 1], shape: [2, 3] });
    expect([...(part.data as Float32Array)]).toEqual(
      [3, 4].flatMap((row) => [...whole.slice(row * 5 + 1, row * 5 + 4)]),
    );
    expect(() => bundle.read(key, { start: [11, 0], shape: [2, 5] })).toThrowError(
      code("MODEL_BROKEN", "no part"),
    );
  });

  test("a missing data file is named", async () => {
    const files = await filesOf("sharded");
    const shard = [...files.keys()].filter((name) => name.includes("variables.data-")).sort()[0] ?? "";
    files.set(shard, bytes(...(files.get(shard) ?? [])));
    const others = new Map([...files].filter(([name]) => name !== shard));
    expect(() => {
      const bundle = openTensorBundle(others, FOLDER, "m");
      bundle.read("kernel/.ATTRIBUTES/VARIABLE_VALUE");
      bundle.read("bias/.ATTRIBUTES/VARIABLE_VALUE");
    }).toThrowError(expect.objectContaining({ code: "MODEL_BROKEN" }));
  });

  const header = (endianness: number): [string, Uint8Array] => [
    "",
    new BinaryWriter().uint32(8).int32(1).uint32(16).int32(endianness).finish(),
  ];
  const entry = (dtype: number, size: number): Uint8Array =>
    new BinaryWriter()
      .uint32(8)
      .int32(dtype)
      .uint32(18)
      .bytes(new BinaryWriter().uint32(18).bytes(bytes(8, 2)).finish())
      .uint32(40)
      .int32(size)
      .finish();

  test("a big-endian file is refused", () => {
    const files = new Map([[INDEX, table([[header(1)]])]]);
    expect(() => openTensorBundle(files, FOLDER, "m")).toThrowError(code("MODEL_BROKEN", "big-endian"));
  });

  test("entries that claim more than the data files hold are refused before anything is read", () => {
    const files = new Map([
      [INDEX, table([[header(0), ["w", entry(1, 8)]]])],
      [DATA, bytes(0, 0, 0, 0)],
    ]);
    expect(() => openTensorBundle(files, FOLDER, "m")).toThrowError(
      code("MODEL_BROKEN", "lists 8 bytes of tensors, but the data files hold 4"),
    );
  });

  test("a size that is not the shape's, an absent tensor and a complex one are refused", () => {
    const files = new Map([
      [INDEX, table([[header(0), ["c", entry(8, 8)], ["w", entry(1, 12)]]])],
      [DATA, new Uint8Array(20)],
    ]);
    const bundle = openTensorBundle(files, FOLDER, "m");
    expect(() => bundle.read("w")).toThrowError(
      code("MODEL_BROKEN", "has 12 bytes, expected 8 of float32 [2]"),
    );
    expect(() => bundle.read("v")).toThrowError(code("MODEL_BROKEN", '"v" is not stored'));
    expect(() => bundle.read("c")).toThrowError(code("MODEL_OP_UNSUPPORTED", "complex64"));
    expect(bundle.has("w") && !bundle.has("v")).toBe(true);
  });
});
