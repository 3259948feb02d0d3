import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { fileProblem } from "../file-problem.ts";

/** What holds a model: a folder, or a tar archive with this compression. */
export type Container = "folder" | "gzip" | "none";

interface OtherFormat {
  readonly name: string;
  readonly matches: (name: string, head: Buffer) => boolean;
  /** Python that makes a SavedModel of it; `%` stands for the file. */
  readonly python: string;
}

const startsWith = (head: Buffer, bytes: string, at = 0): boolean =>
  head.subarray(at, at + bytes.length).toString("latin1") === bytes;
const endsWith =
  (...endings: string[]) =>
  (name: string): boolean =>
    endings.some((ending) => name.toLowerCase().endsWith(ending));

const KERAS = 'import keras; keras.models.load_model("%", compile=False).export("saved_model")';

/** Formats that are known and not read, the surest signs first. */
const OTHER_FORMATS: readonly OtherFormat[] = [
  {
    name: "Keras HDF5 (.h5)",
    matches: (name, head) => startsWith(head, "\x89HDF\r\n\x1a\n") || endsWith(".h5", ".hdf5")(name),
    python: KERAS,
  },
  {
    name: "TensorFlow Lite (.tflite)",
    matches: (name, head) => startsWith(head, "TFL3", 4) || endsWith(".tflite", ".lite")(name),
    python:
      'model.export("saved_model")  # in the program that made %, before its conversion to TensorFlow Lite',
  },
  {
    name: "Keras 3 (.keras)",
    matches: (name, head) =>
      endsWith(".keras")(name) || (startsWith(head, "PK\x03\x04") && head.includes("metadata.json")),
    python: KERAS,
  },
  {
    name: "ONNX (.onnx)",
    matches: endsWith(".onnx"),
    python: 'import onnx2tf; onnx2tf.convert(input_onnx_file_path="%", output_folder_path="saved_model")',
  },
  {
    name: "TensorFlow.js layers model (model.json)",
    matches: (name, head) => endsWith(".json")(name) && head.includes('"layers-model"'),
    python: 'import tensorflowjs as tfjs; tfjs.converters.load_keras_model("%").export("saved_model")',
  },
  {
    name: "TensorFlow.js graph model (model.json)",
    matches: (name) => endsWith("model.json")(name),
    python: 'import tfjs_graph_converter.api as tfjs; tfjs.graph_model_to_saved_model("%", "saved_model")',
  },
  {
    name: "SavedModel in text form (saved_model.pbtxt)",
    matches: endsWith("saved_model.pbtxt"),
    python:
      'import tensorflow as tf; m = tf.saved_model.load("FOLDER"); tf.saved_model.save(m, "saved_model", signatures=m.signatures)',
  },
  {
    name: "PyTorch",
    matches: (name, head) =>
      endsWith(".pt", ".pth")(name) || (startsWith(head, "PK\x03\x04") && head.includes("data.pkl")),
    python:
      'import onnx2tf; onnx2tf.convert(input_onnx_file_path="model.onnx", output_folder_path="saved_model")  # after torch.onnx.export',
  },
];

const HEAD_BYTES = 4096;

/**
 * Says how a path holds a model, by its content first.
 * @throws MODEL_NOT_FOUND; MODEL_FORMAT_UNSUPPORTED naming the format and the Python that exports a SavedModel
 */
export async function detectFormat(path: string): Promise<Container> {
  const found = await stat(path).catch((error: unknown) => {
    const problem = fileProblem(path, error);
    if (problem.code !== "FILE_NOT_FOUND") throw problem;
    throw new FieldmarkError("MODEL_NOT_FOUND", `${path}: no such file or folder`, { file: path }, error);
  });
  if (found.isDirectory()) return "folder";
  if (!found.isFile()) throw new FieldmarkError("MODEL_NOT_FOUND", `${path}: neither a file nor a folder`);
  const head = await readHead(path);
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (startsWith(head, "ustar", 257)) return "none";
  const other = OTHER_FORMATS.find(({ matches }) => matches(basename(path), head));
  if (other !== undefined) throw unsupported(path, path, other);
  if (/\.(?:tar|tar\.gz|tgz)$/i.test(path)) {
    throw new FieldmarkError("ARCHIVE_BROKEN", `${path}: its content is no tar or gzip archive`, {
      file: path,
    });
  }
  if (basename(path) === "saved_model.pb") {
    throw new FieldmarkError(
      "MODEL_FORMAT_UNSUPPORTED",
      `${path}: a SavedModel is a folder: name the one that holds this file`,
      { file: path },
    );
  }
  const zip = startsWith(head, "PK\x03\x04")
    ? "a ZIP archive: unpack it and name the folder"
    : "no known model format";
  throw new FieldmarkError(
    "MODEL_FORMAT_UNSUPPORTED",
    `${path}: ${zip}; expected a SavedModel folder or a model.tar.gz that holds one`,
    { file: path },
  );
}

/**
 * Refuses a folder or archive that holds another format and no SavedModel.
 * @throws MODEL_FORMAT_UNSUPPORTED
 */
export function refuseOtherFormats(names: readonly string[], path: string): void {
  if (names.some((name) => basename(name) === "saved_model.pb")) return;
  for (const name of names) {
    const other = OTHER_FORMATS.find(({ matches }) => matches(name, Buffer.alloc(0)));
    if (other !== undefined) throw unsupported(path, name, other);
  }
}

function unsupported(path: string, file: string, { name, python }: OtherFormat): FieldmarkError {
  const where = file === path ? path : `${path}: ${file}`;
  return new FieldmarkError(
    "MODEL_FORMAT_UNSUPPORTED",
    `${where}: ${name} is not read yet. This Python exports a SavedModel: ${python.replace("%", () => file)}`,
    { file, format: name },
  );
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileProblem(path, error);
  }
}
