import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy, type Tensor, writeNpy } from "@fieldmark/model";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runWords } from "./run-words.test-support.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../model/golden/ops/tensorflow-2.15/${name}.tar.gz`, import.meta.url));

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "fieldmark-cli-model-"));
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const fieldmark = (...words: string[]) =>
  runWords(words, { cwd, env: { FIELDMARK_CACHE: join(cwd, "cache") } });

const tensor = (shape: readonly number[]): Tensor => ({
  dataType: "float32",
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    (_, index) => index % 7,
  ),
});

describe("model show", () => {
  test("tells everything on stdout, and that the second look comes from the cache", async () => {
    const first = await fieldmark("model", "show", golden("flatten_dense_dropout_dense"));
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/format +TensorFlow SavedModel, written by TensorFlow 2\.15/);
    expect(first.stdout).toMatch(/digest +sha256:[0-9a-f]{64}/);
    expect(first.stdout).toMatch(/import +made now and kept/);
    expect(first.stdout).toMatch(/input +x: float32 \[\?, 7, 6, 3\]/);
    expect(first.stdout).toMatch(
      /class scores +output: 5 classes, probabilities \(the output is made by Softmax\)/,
    );
    expect(first.stdout).toMatch(/parameters +\d{3}\n/);
    expect(first.stdout).toMatch(/ops +.*Conv2D 1/);
    expect(first.stdout).toMatch(/preprocessing not recognised/);
    const second = await fieldmark("model", "show", golden("flatten_dense_dropout_dense"));
    expect(second.stdout).toMatch(/import +from the cache/);
  });

  test("--json is one document with all that is known", async () => {
    const { stdout } = await fieldmark("model", "show", golden("rescaling_255_first"), "--json", "--quiet");
    expect(JSON.parse(stdout)).toMatchObject({
      format: "TensorFlow SavedModel",
      cached: false,
      preprocessing: { name: "raw" },
      pictureInput: { layout: "NHWC" },
      classOutputs: [{ found: expect.any(Boolean) }],
    });
  });

  test("an output that holds no class scores is said so, with the reason", async () => {
    const { code, stdout } = await fieldmark("model", "show", golden("layer_norm"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/class scores +not \S+: its shape is \[/);
  });

  test("a path that is not there is an error with a hint, exit 1", async () => {
    const { code, stderr } = await fieldmark("model", "show", "nowhere.tar.gz");
    expect(code).toBe(1);
    expect(stderr).toMatch(/nowhere\.tar\.gz: no such file or folder\n.*\[MODEL_NOT_FOUND\]/);
  });
});

describe("predict", () => {
  test("one input and one output are files; batches change nothing", async () => {
    await writeNpy(join(cwd, "x.npy"), tensor([5, 7, 6, 3]));
    const words = ["predict", "--model", golden("flatten_dense_dropout_dense"), "--inputs", "x.npy"];
    const { code, stdout } = await fieldmark(...words, "--out", "made/y.npy", "--batch", "2");
    expect(code).toBe(0);
    expect(stdout).toMatch(/y\.npy: output, float32 \[5, 5\]/);
    await fieldmark(...words, "--out", "all.npy");
    const y = await readNpy(join(cwd, "made", "y.npy"));
    expect(y.shape).toEqual([5, 5]);
    const all = await readNpy(join(cwd, "all.npy"));
    for (const [index, value] of (all.data as Float32Array).entries()) {
      expect((y.data as Float32Array)[index]).toBeCloseTo(value, 6);
    }
  });

  test("several inputs and outputs are folders of files by name", async () => {
    const described = JSON.parse(
      (await fieldmark("model", "show", golden("several_inputs"), "--json")).stdout,
    );
    await mkdir(join(cwd, "in"));
    for (const [name, { shape }] of Object.entries<{ shape: (number | null)[] }>(described.inputs)) {
      await writeNpy(join(cwd, "in", `${name}.npy`), tensor(shape.map((size) => size ?? 3)));
    }
    const run = await fieldmark(
      "predict",
      "--model",
      golden("several_inputs"),
      "--inputs",
      "in",
      "--out",
      "out",
      "--json",
    );
    expect(run.stderr).not.toMatch(/error/);
    const { outputs } = JSON.parse(run.stdout);
    expect(await readdir(join(cwd, "out"))).toEqual(
      outputs.map(({ name }: { name: string }) => `${name}.npy`),
    );

    const file = await fieldmark(
      "predict",
      "--model",
      golden("several_inputs"),
      "--inputs",
      "in/x.npy",
      "--out",
      "o.npy",
    );
    expect([file.code, file.stderr]).toEqual([1, expect.stringMatching(/expected a folder with .*\.npy/)]);
    await rm(join(cwd, "in", `${Object.keys(described.inputs)[0]}.npy`));
    const missing = await fieldmark(
      "predict",
      "--model",
      golden("several_inputs"),
      "--inputs",
      "in",
      "--out",
      "out",
    );
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/in: lacks \S+\.npy/)]);
  });

  test("several outputs need a folder: a usage error before anything runs", async () => {
    const run = await fieldmark(
      "predict",
      "--model",
      golden("several_outputs"),
      "--inputs",
      "none.npy",
      "--out",
      "y.npy",
    );
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/has the outputs .*; name a folder/)]);
  });

  test("a tensor of another shape or type, or no .npy at all, is told by name; nothing is written", async () => {
    const words = ["predict", "--model", golden("flatten_dense_dropout_dense"), "--out", "y.npy", "--inputs"];
    await writeNpy(join(cwd, "wide.npy"), tensor([1, 7, 7, 3]));
    await writeFile(join(cwd, "broken.npy"), "x");
    for (const [file, message] of [
      ["wide.npy", /"x" is float32 \[1, 7, 7, 3\], expected float32 \[\?, 7, 6, 3\]/],
      ["broken.npy", /broken\.npy: not a \.npy file/],
      ["none.npy", /none\.npy: no such file/],
    ] as const) {
      const { code, stderr } = await fieldmark(...words, file);
      expect([file, code, stderr]).toEqual([file, 1, expect.stringMatching(message)]);
    }
    expect((await readdir(cwd)).sort()).toEqual(["broken.npy", "cache", "wide.npy"]);
  });
});

test("cache show and clear tell what is kept", async () => {
  expect((await fieldmark("cache", "show")).stdout).toMatch(/cache: 0 imports, 0 B/);
  await fieldmark("model", "show", golden("flatten_dense_dropout_dense"));
  const shown = await fieldmark("cache", "show");
  expect(shown.stdout).toMatch(/cache: 1 import, .* kB\n/);
  expect(shown.stdout).toMatch(/serving_default .*sha256:.*flatten_dense_dropout_dense\.tar\.gz/);
  const { imports } = JSON.parse((await fieldmark("cache", "show", "--json")).stdout);
  expect(imports).toMatchObject([{ bytes: expect.any(Number), model: { signature: "serving_default" } }]);
  expect((await fieldmark("cache", "clear")).stdout).toMatch(/removed 1 import, /);
  expect((await fieldmark("cache", "show")).stdout).toMatch(/0 imports/);
});
