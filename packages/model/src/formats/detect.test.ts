import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detectFormat } from "./detect.ts";
import { readSavedModel } from "./read-saved-model.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-detect-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  return path;
};
const HDF5 = Buffer.from("\x89HDF\r\n\x1a\n rest", "latin1");
const ZIP = "PK\x03\x04 ....";

test.each([
  { name: "bird.h5", content: HDF5, format: "HDF5", python: 'keras.models.load_model("' },
  { name: "unnamed-hdf5", content: HDF5, format: "HDF5", python: '.export("saved_model")' },
  { name: "bird.keras", content: `${ZIP}config.json`, format: "Keras 3", python: '.export("saved_model")' },
  {
    name: "unnamed-keras",
    content: `${ZIP}metadata.json`,
    format: "Keras 3",
    python: '.export("saved_model")',
  },
  {
    name: "bird.tflite",
    content: "\x1c\0\0\0TFL3",
    format: "TensorFlow Lite",
    python: 'model.export("saved_model")',
  },
  {
    name: "unnamed-lite",
    content: "\x1c\0\0\0TFL3",
    format: "TensorFlow Lite",
    python: 'model.export("saved_model")',
  },
  { name: "bird.onnx", content: "\x08\x08", format: "ONNX", python: "onnx2tf.convert(" },
  {
    name: "layers/model.json",
    content: '{"format": "layers-model"}',
    format: "layers model",
    python: "load_keras_model(",
  },
  {
    name: "graph/model.json",
    content: '{"format": "graph-model"}',
    format: "graph model",
    python: "graph_model_to_saved_model(",
  },
])(
  "$name is refused by its format, with the Python that exports a SavedModel",
  async ({ name, content, format, python }) => {
    const path = await file(name, content);
    await expect(detectFormat(path)).rejects.toMatchObject({
      code: "MODEL_FORMAT_UNSUPPORTED",
      message: expect.stringContaining(format),
    });
    await expect(detectFormat(path)).rejects.toThrow(python);
  },
);

test("a folder that holds another format names the file", async () => {
  const path = await file("tfjs/model.json", "{}");
  await expect(readSavedModel(join(path, ".."))).rejects.toMatchObject({
    code: "MODEL_FORMAT_UNSUPPORTED",
    message: expect.stringContaining("model.json: TensorFlow.js graph model"),
  });
});

test("a folder without a model says what it found", async () => {
  const path = await file("empty/readme.md", "hello");
  await expect(readSavedModel(join(path, ".."))).rejects.toMatchObject({
    code: "MODEL_NOT_FOUND",
    message: expect.stringContaining("found readme.md"),
  });
});

test("a path that is not there is MODEL_NOT_FOUND", async () => {
  await expect(readSavedModel(join(folder, "none"))).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
});

test("a ZIP of a SavedModel says to unpack it; anything else is no known format", async () => {
  await expect(detectFormat(await file("model.zip", ZIP))).rejects.toThrow("a ZIP archive: unpack it");
  await expect(detectFormat(await file("noise", "hello"))).rejects.toThrow("no known model format");
  await expect(detectFormat(await file("m/saved_model.pb", "\x08\x01"))).rejects.toThrow(
    "name the one that holds this file",
  );
  await expect(detectFormat(await file("noise.tar.gz", "hello"))).rejects.toMatchObject({
    code: "ARCHIVE_BROKEN",
  });
});
