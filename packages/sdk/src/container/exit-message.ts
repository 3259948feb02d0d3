import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** bytes of an exit message, as SageMaker documents it */
export const EXIT_MESSAGE_BYTES = 1_024;

export async function writeExitMessage(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, exitMessageBytes(text));
}

/** As many whole characters as fit. */
function exitMessageBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(EXIT_MESSAGE_BYTES);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}
