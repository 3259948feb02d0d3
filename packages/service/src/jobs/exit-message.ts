import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";

import { CONTAINER_PATHS } from "@fieldmark/contract";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { belowMl } from "../transfer/container-path.ts";

/** bytes, as documented; what is longer is cut there */
const EXIT_MESSAGE_BYTES = 1_024;

/**
 * What the program wrote to /opt/ml/output/message, or null. The program is gone, so nothing changes between the look and
 * the reading; what it left may be anything: a link, a pipe, a folder, bytes that are no UTF-8.
 */
export async function readExitMessage(folder: InstanceFolder): Promise<string | null> {
  const output = join(folder.ml, "output");
  const path = join(folder.ml, belowMl(CONTAINER_PATHS.exitMessage));
  const isFolder = (await lstatOrNull(output))?.isDirectory() === true;
  if (!isFolder || (await lstatOrNull(path))?.isFile() !== true) return null;
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(EXIT_MESSAGE_BYTES), 0, EXIT_MESSAGE_BYTES, 0);
  // The stream mode of the decoder leaves out a character that the cut fell into.
  const text = new TextDecoder().decode(buffer.subarray(0, bytesRead), {
    stream: bytesRead === EXIT_MESSAGE_BYTES,
  });
  const message = text.replaceAll("\0", "\uFFFD").trim();
  return message === "" ? null : message;
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return null;
    throw error;
  }
}
