import { type FileHandle, open } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";
import { fileProblem } from "../file-problem.ts";
import type { Tensor } from "../tensor.ts";
import { writeWhole } from "../write-whole.ts";
import { formatNpy } from "./format-npy.ts";
import { NPY_HEAD_BYTES, npyLayout, npyTensor } from "./parse-npy.ts";

export interface ReadNpyOptions {
  /** Bytes a file may have; default 4 GiB. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 4 * 2 ** 30;
const CHUNK = 64 * 2 ** 20;

/**
 * Reads a .npy file of format version 1 to 3: plain numbers of either byte order, bool and `|S`, in C or Fortran
 * order. Memory is taken only after the file's size has been found to agree with its header.
 *
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE, TENSOR_FILE_BROKEN
 */
export async function readNpy(path: string, { maxBytes = MAX_BYTES }: ReadNpyOptions = {}): Promise<Tensor> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw fileProblem(path, cause);
  });
  try {
    const state = await file.stat();
    if (!state.isFile()) {
      throw new FieldmarkError("FILE_UNREADABLE", `${path}: not a file, expected a .npy file`, {
        file: path,
      });
    }
    if (state.size > maxBytes) {
      throw new FieldmarkError(
        "FILE_TOO_LARGE",
        `${path}: ${state.size} bytes, expected at most ${maxBytes}`,
        {
          file: path,
        },
      );
    }
    const head = await readAt(file, path, { start: 0, length: Math.min(state.size, NPY_HEAD_BYTES) });
    const layout = npyLayout(head, state.size, path);
    return npyTensor(await readAt(file, path, { start: layout.start, length: layout.bytes }), layout, path);
  } finally {
    await file.close();
  }
}

interface Range {
  readonly start: number;
  readonly length: number;
}

async function readAt(file: FileHandle, path: string, { start, length }: Range): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, length - at), start + at);
    if (bytesRead === 0) {
      throw new FieldmarkError("TENSOR_FILE_BROKEN", `${path}: became shorter while it was read`, {
        file: path,
      });
    }
    at += bytesRead;
  }
  return bytes;
}

/**
 * Writes a tensor as a .npy file that NumPy reads: whole or not at all.
 * @throws DISK when it cannot be written
 */
export async function writeNpy(path: string, tensor: Tensor): Promise<void> {
  await writeWhole(path, formatNpy(tensor));
}
