import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** bytes of an exit message, as SageMaker documents it */
export const EXIT_MESSAGE_BYTES = 1_024;

export async function writeExitMessage(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, exitMessageBytes(text));
}

/** As many whole characters as fit. Not by TextEncoder.encodeInto: that of Node 26 leaves the last one out where it just fits. */
function exitMessageBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(bytes.length, EXIT_MESSAGE_BYTES);
  while (end < bytes.length && isContinuation(bytes[end])) end -= 1;
  return bytes.subarray(0, end);
}

/** Of UTF-8: 10xxxxxx. */
const isContinuation = (byte = 0): boolean => (byte & 0xc0) === 0x80;
