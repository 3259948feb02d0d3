import { copyFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedImports, clearImports } from "./cache/cached-imports.ts";
import type { LoadStep } from "./import-messages.ts";
import { loadModel } from "./load-model.ts";
import { WEIGHTS_FILE } from "./onnx/write-model.ts";

const OPS = fileURLToPath(new URL("../golden/ops/tensorflow-2.15/", import.meta.url));
const LAB_HEAD = join(OPS, "flatten_dense_dropout_dense.tar.gz");
const TWO_SIGNATURES = join(OPS, "second_signature.tar.gz");

let folder: string;
let cacheFolder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-load-"));
  cacheFolder = join(folder, "cache");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The model's answer to some fixed input. */
async function answer(path = LAB_HEAD, options = {}) {
  await using model = await loadModel(path, { cacheFolder, ...options });
  const { height, width } = model.pictureInput ?? {};
  const pixels = Float32Array.from({ length: 2 * (height ?? 0) * (width ?? 0) * 3 }, (_, index) =>
    Math.sin(index),
  );
  const probabilities = await model.classify(pixels, 2);
  return { cached: model.cached, entry: model.cacheEntry, digest: model.description.digest, probabilities };
}

test("the first time a model is imported, then it comes from the cache, and answers the same", async () => {
  const steps: LoadStep[][] = [[], []];
  const first = await answer(LAB_HEAD, { onProgress: (step: LoadStep) => steps[0]?.push(step) });
  const second = await answer(LAB_HEAD, { onProgress: (step: LoadStep) => steps[1]?.push(step) });
  expect(steps).toEqual([
    ["digest", "read", "translate", "write", "open"],
    ["digest", "open"],
  ]);
  expect([first.cached, second.cached]).toEqual([false, true]);
  expect(second.probabilities).toEqual(first.probabilities);
  expect(second.entry).toBe(first.entry);
  expect(await cachedImports(cacheFolder)).toMatchObject([
    {
      folder: first.entry,
      model: { importedFrom: LAB_HEAD, digest: first.digest, signature: "serving_default" },
    },
  ]);
  expect(await clearImports(cacheFolder)).toMatchObject({ imports: 1 });
  expect((await answer()).cached).toBe(false);
});

test("a copy elsewhere is the same model; one byte more is another", async () => {
  const { digest } = await answer();
  const copy = join(folder, "copy.tar.gz");
  await copyFile(LAB_HEAD, copy);
  expect(await answer(copy)).toMatchObject({ cached: true, digest });
});

test("a file that was replaced is not taken for the old one", async () => {
  const path = join(folder, "model.tar.gz");
  await copyFile(LAB_HEAD, path);
  const old = new Date(Date.now() - 3_600_000);
  await utimes(path, old, old);
  const { digest } = await answer(path);
  await answer(path);
  await copyFile(join(OPS, "head_softmax.tar.gz"), path);
  await utimes(path, old, old);
  await using model = await loadModel(path, { cacheFolder });
  expect(model.description.digest).not.toBe(digest);
  expect(model.cached).toBe(false);
});

test("each signature is an import of its own", async () => {
  const names: string[] = [];
  {
    await using model = await loadModel(TWO_SIGNATURES, { cacheFolder });
    names.push(...model.description.signatures.map(({ name }) => name));
    expect(model.description.signature).toBe("serving_default");
  }
  const other = names.find((name) => name !== "serving_default" && !name.startsWith("__")) ?? "";
  await using model = await loadModel(TWO_SIGNATURES, { cacheFolder, signature: other });
  expect(model.description.signature).toBe(other);
  expect(model.cached).toBe(false);
  expect(await cachedImports(cacheFolder)).toHaveLength(2);
  await expect(loadModel(TWO_SIGNATURES, { cacheFolder, signature: "none" })).rejects.toMatchObject({
    code: "MODEL_SIGNATURE",
  });
});

test("weights that changed on the disk are noticed and made again", async () => {
  const first = await answer();
  const weights = join(first.entry ?? "", WEIGHTS_FILE);
  const content = await readFile(weights);
  content[1000]! ^= 64;
  await writeFile(weights, content);
  const second = await answer();
  expect(second.cached).toBe(false);
  expect(second.probabilities).toEqual(first.probabilities);
  expect((await answer()).cached).toBe(true);
});

test("an import that is removed while it is in use goes on", async () => {
  const expected = (await answer()).probabilities;
  await using model = await loadModel(LAB_HEAD, { cacheFolder });
  await clearImports(cacheFolder);
  const { height, width } = model.pictureInput ?? {};
  const pixels = Float32Array.from({ length: 2 * (height ?? 0) * (width ?? 0) * 3 }, (_, index) =>
    Math.sin(index),
  );
  expect(await model.classify(pixels, 2)).toEqual(expected);
});

test("loading the same model several times at once gives one import", async () => {
  const answers = await Promise.all([answer(), answer(), answer()]);
  for (const { probabilities } of answers) expect(probabilities).toEqual(answers[0]?.probabilities);
  expect(await cachedImports(cacheFolder)).toHaveLength(1);
});

test("without a cache nothing is kept", async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith("fieldmark-import-"));
  const { cached, entry } = await answer(LAB_HEAD, { cacheFolder: null });
  expect({ cached, entry }).toEqual({ cached: false, entry: null });
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith("fieldmark-import-"));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test("an abort while it is imported is INTERRUPTED and leaves nothing", async () => {
  for (const at of ["digest", "read", "translate", "open"] as const) {
    const interrupt = new AbortController();
    const loading = loadModel(LAB_HEAD, {
      cacheFolder,
      signal: interrupt.signal,
      onProgress: (step) => step === at && interrupt.abort(),
    });
    await expect(loading, at).rejects.toMatchObject({ code: "INTERRUPTED" });
    if (at !== "open") expect(await cachedImports(cacheFolder), at).toEqual([]);
  }
});

test("errors of the input keep their code", async () => {
  const path = join(folder, "model.tar.gz");
  await expect(loadModel(path, { cacheFolder })).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  await writeFile(path, "not an archive");
  await expect(loadModel(path, { cacheFolder })).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  await writeFile(join(folder, "file"), "");
  await expect(loadModel(LAB_HEAD, { cacheFolder: join(folder, "file") })).rejects.toMatchObject({
    code: "CACHE_UNUSABLE",
  });
});

test("a default cache that cannot be used is done without, and said so", async () => {
  await writeFile(join(folder, "file"), "");
  const variables = ["XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"] as const;
  const before = variables.map((name) => process.env[name]);
  for (const name of variables) process.env[name] = join(folder, "file");
  try {
    await using model = await loadModel(LAB_HEAD);
    expect(model.cacheEntry).toBeNull();
    expect(model.description.notes).toEqual([expect.stringMatching(/^the import is not kept: .*file/)]);
  } finally {
    for (const [index, name] of variables.entries()) {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    }
  }
});
