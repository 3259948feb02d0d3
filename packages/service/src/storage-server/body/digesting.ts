import type { Checksum } from "@fieldmark/object-store";
import { CHECKSUMS, type ChecksumName } from "./checksums.ts";

/** Bytes that pass, and the checksum of them once all have. */
interface Digesting {
  /** Once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly checksums: () => Promise<readonly Checksum[]>;
}

export function digesting(bytes: AsyncIterable<Uint8Array>, algorithm: ChecksumName): Digesting {
  const running = CHECKSUMS[algorithm].start();
  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of bytes) {
      running.update(piece);
      yield piece;
    }
  }
  return {
    bytes: pass(),
    checksums: async () => [
      { algorithm, value: (await running.digest()).toString("base64"), type: "FULL_OBJECT" },
    ],
  };
}
