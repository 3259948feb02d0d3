import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../tensor.ts";
import { digestModel, readSavedModel } from "./read-saved-model.ts";

const FOLDER = fileURLToPath(new URL("../../golden/saved-models/", import.meta.url));

interface Plain {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}
interface Golden {
  readonly tensorflow: string;
  readonly ops?: Readonly<Record<string, number>>;
  readonly constants?: readonly string[];
  readonly inputs?: Readonly<Record<string, Plain>>;
  readonly outputs?: Readonly<Record<string, Plain>>;
}
const archive = (name: string): string => `${FOLDER}${name}.tar.gz`;
const golden = (name: string): Golden => JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8"));

/** Where constants decide branches: TensorFlow's freezing keeps both sides, this reader the one that is taken. */
const DECIDED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  constant_branches: { AddV2: 1, Mul: 1 },
  tf1_partitioned: { AddV2: 1, ConcatV2: 1, MatMul: 1, Mul: 1, Softmax: 1 },
  tf1_resource: { AddV2: 1, ConcatV2: 1, MatMul: 1, Mul: 1, Softmax: 1 },
};
const PLUMBING = new Set(["Identity", "NoOp"]);

const names = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -5)] : []));
const readable = names.filter((name) => golden(name).ops !== undefined);

const bytesOf = ({ data }: Tensor): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array();

test("the golden models are all there", () => {
  expect(readable.length).toBeGreaterThanOrEqual(11);
});

describe.each(readable)("%s", (name) => {
  const expected = golden(name);

  test("the ops are those of TensorFlow's frozen graph", async () => {
    const { source } = await readSavedModel(archive(name));
    const counts = new Map<string, number>();
    for (const { op } of source.graph.nodes) {
      if (!PLUMBING.has(op)) counts.set(op, (counts.get(op) ?? 0) + 1);
    }
    expect(Object.fromEntries([...counts].sort())).toEqual(DECIDED[name] ?? expected.ops);
    expect(source.producer).toBe(`TensorFlow ${expected.tensorflow}`);
  });

  test("the constants are bit for bit those of TensorFlow's frozen graph", async () => {
    const { source } = await readSavedModel(archive(name));
    const digests = [...source.graph.constants.values()]
      .filter(({ dataType, data }) => dataType.startsWith("float") && data.length > 1)
      .map((tensor) => createHash("sha256").update(bytesOf(tensor)).digest("hex"));
    expect([...new Set(digests)].sort()).toEqual(expected.constants);
  });

  test("nodes stand after what they read, and every name is one thing", async () => {
    const { graph, signature } = (await readSavedModel(archive(name))).source;
    const known = new Set([...graph.inputs.map((input) => input.name), ...graph.constants.keys()]);
    expect(known.size).toBe(graph.inputs.length + graph.constants.size);
    for (const { inputs, outputs } of graph.nodes) {
      for (const input of inputs) expect(known).toContain(input);
      for (const output of outputs) {
        expect(known).not.toContain(output);
        known.add(output);
      }
    }
    for (const output of graph.outputs) expect(known).toContain(output.name);
    expect(graph.outputs.map(({ key }) => key).sort()).toEqual(Object.keys(expected.outputs ?? {}).sort());
    expect(Object.keys(signature.inputs).sort()).toEqual(Object.keys(expected.inputs ?? {}).sort());
  });
});

test("the digest is that of the archive's bytes, and can be had alone", async () => {
  const { digest } = await readSavedModel(archive("keras2_save"));
  const bytes = readFileSync(archive("keras2_save"));
  expect(digest).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  expect(await digestModel(archive("keras2_save"))).toBe(digest);
});

test("signatures are listed with their types", async () => {
  const { source } = await readSavedModel(archive("nested_functions"));
  expect(source.signature.name).toBe("serving_default");
  expect(source.signatures.map(({ name }) => name).sort()).toEqual(["other", "serving_default"]);
  expect({ ...source.signature.inputs.x }).toEqual({ dataType: "float32", shape: [null, 4] });
  expect({ ...source.signature.outputs.indices }).toEqual({ dataType: "int32", shape: [null, 2] });
});

test("another signature is read when asked for, and only what it needs", async () => {
  const { source } = await readSavedModel(archive("nested_functions"), { signature: "other" });
  expect(source.graph.nodes.filter(({ op }) => op !== "Identity").map(({ op }) => op)).toEqual(["Mul"]);
});

test("a signature that is not there is an error that lists those that are", async () => {
  await expect(readSavedModel(archive("nested_functions"), { signature: "predict" })).rejects.toMatchObject({
    code: "MODEL_SIGNATURE",
    message: expect.stringMatching(/no signature is named "predict"; it has .*"other"/),
    details: { signatures: expect.arrayContaining(["other", "serving_default"]) },
  });
});

test("a model without signatures offers its functions", async () => {
  const { source } = await readSavedModel(archive("no_signature"));
  expect(source.signatures.map(({ name }) => name).sort()).toEqual(["__call__", "logits"]);
  expect(source.signature.name).toBe("__call__");
  expect(source.graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "AddV2", "Softmax", "Identity"]);
  expect({ ...source.signature.inputs.x }).toEqual({ dataType: "float32", shape: [null, 4] });
  const logits = await readSavedModel(archive("no_signature"), { signature: "logits" });
  expect(logits.source.graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "Identity"]);
});

test("augmentation left switched on is refused, naming op, node, layers and the remedy", async () => {
  await expect(readSavedModel(archive("keras3_augmented"))).rejects.toMatchObject({
    code: "MODEL_RANDOM",
    message: expect.stringMatching(/StatelessRandomUniformV2 of node ".*flip.*".*Export the model without/),
    details: { op: "StatelessRandomUniformV2", layers: ["flip_1", "rotate_1"] },
  });
});

test("a TensorFlow 1 loop is left as ops, for the list of unsupported ones", async () => {
  const { source } = await readSavedModel(archive("tf1_loop"));
  const ops = new Set(source.graph.nodes.map(({ op }) => op));
  for (const op of ["Enter", "Exit", "NextIteration", "LoopCond"]) expect(ops).toContain(op);
});

test("class names come from the list that the graph picks labels from", async () => {
  const { source } = await readSavedModel(archive("labelled"));
  expect(source.classNames).toEqual(["Bobolink", "Cardinal", "Mallard"]);
  expect((await readSavedModel(archive("data_types"))).source.classNames).toBeNull();
});

const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
};
const bfloat = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? Number.NaN;
const text = new TextDecoder();

test("a variable of every type has TensorFlow's values", async () => {
  const { source } = await readSavedModel(archive("data_types"));
  const outputs = golden("data_types").outputs ?? {};
  const types = Object.keys(outputs).filter((key) => key !== "constants");
  expect(types).toHaveLength(14);
  for (const key of types) {
    const node = source.graph.nodes.find(
      ({ name }) => name === source.graph.outputs.find((o) => o.key === key)?.name,
    );
    let value = source.graph.outputs.find((output) => output.key === key)?.name ?? "";
    for (let at = node; at !== undefined; at = source.graph.nodes.find(({ name }) => name === value)) {
      expect(at.op).toBe("Identity");
      value = at.inputs[0] ?? "";
    }
    const tensor = source.graph.constants.get(value);
    expect(tensor?.dataType).toBe(key);
    const elements = [...(tensor?.data ?? [])].map((element) => {
      if (element instanceof Uint8Array) return text.decode(element);
      if (key === "float16") return half(Number(element));
      return key === "bfloat16" ? bfloat(Number(element)) : Number(element);
    });
    expect(elements).toEqual(outputs[key]?.values.map((v) => (typeof v === "string" ? v : Number(v))));
  }
});
