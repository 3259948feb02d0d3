import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "@node-rs/crc32";
import type { Graph } from "../graph/graph.ts";
import { encodeModel } from "./encode.ts";
import type { WeightsLayout } from "./weights-layout.ts";

export const MODEL_FILE = "model.onnx";
export const WEIGHTS_FILE = "weights.bin";

/** A file that was written, as it can be checked later. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  /** CRC-32C of the whole file. */
  readonly crc32c: number;
}

/** Most bytes of one write: the kernel takes at most 2 GiB, and the checksum runs while the cache is warm. */
const CHUNK = 8 * 1024 * 1024;

/**
 * Writes a graph into a folder: model.onnx and, when there are large tensors, weights.bin.
 * The weights go from the views that the graph holds to the file without being copied. Nothing is synced: that takes
 * seconds on slow disks, and the checksums tell a file that did not outlive a power failure.
 */
export async function writeModel(graph: Graph, folder: string): Promise<readonly WrittenFile[]> {
  const { model, weights } = encodeModel(graph, WEIGHTS_FILE);
  const files: WrittenFile[] = [];
  if (weights.size > 0) files.push(await writeFile(folder, WEIGHTS_FILE, piecesOf(weights)));
  files.push(await writeFile(folder, MODEL_FILE, [model]));
  return files;
}

/** The tensors and the zeros between them, in chunks. */
function* piecesOf(weights: WeightsLayout): Generator<Uint8Array> {
  let end = 0;
  for (const { offset, bytes } of weights.placed) {
    if (offset > end) yield new Uint8Array(offset - end);
    for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
    end = offset + bytes.length;
  }
}

async function writeFile(folder: string, name: string, pieces: Iterable<Uint8Array>): Promise<WrittenFile> {
  const file = await open(join(folder, name), "wx");
  try {
    let bytes = 0;
    let checksum = 0;
    for (const piece of pieces) {
      checksum = crc32c(piece, checksum);
      await writeAll(file, piece);
      bytes += piece.length;
    }
    return { name, bytes, crc32c: checksum };
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
}
