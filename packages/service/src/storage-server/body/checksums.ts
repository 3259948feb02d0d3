import { createHash } from "node:crypto";
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";
import type { Checksum } from "@fieldmark/object-store";
import { crc32, crc32c } from "@node-rs/crc32";
import type { CrcPolynomial } from "./crc-combine.ts";

export interface RunningDigest {
  update(bytes: Uint8Array): void;
  digest(): Promise<Buffer>;
}

export interface ChecksumSpec {
  /** bytes of the digest */
  readonly bytes: number;
  readonly start: () => RunningDigest;
  /** How the digest of a whole follows from those of its parts; null where it does not (SHA). */
  readonly crc: CrcPolynomial | null;
}

const hash = (algorithm: "md5" | "sha1" | "sha256") => (): RunningDigest => {
  const running = createHash(algorithm);
  return { update: (bytes) => void running.update(bytes), digest: async () => running.digest() };
};

const running32 = (step: (bytes: Uint8Array, state: number) => number) => (): RunningDigest => {
  let state = 0;
  return {
    update(bytes) {
      state = step(bytes, state);
    },
    async digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(state);
      return bytes;
    },
  };
};

export const startMd5 = hash("md5");
export const startSha256 = hash("sha256");

/** The checksums that S3 keeps with an object, by the name clients use. */
export const CHECKSUMS = {
  CRC32: { bytes: 4, start: running32(crc32), crc: { width: 32, polynomial: 0xedb88320n } },
  CRC32C: { bytes: 4, start: running32(crc32c), crc: { width: 32, polynomial: 0x82f63b78n } },
  CRC64NVME: {
    bytes: 8,
    start: () => {
      const running = new Crc64Nvme();
      return {
        update: (bytes) => void running.update(bytes),
        digest: async () => Buffer.from(await running.digest()),
      };
    },
    crc: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
  },
  SHA1: { bytes: 20, start: hash("sha1"), crc: null },
  SHA256: { bytes: 32, start: startSha256, crc: null },
} as const satisfies Record<string, ChecksumSpec>;

export type ChecksumName = keyof typeof CHECKSUMS;
export const CHECKSUM_NAMES = Object.keys(CHECKSUMS) as readonly ChecksumName[];

export const isChecksumName = (text: string): text is ChecksumName => Object.hasOwn(CHECKSUMS, text);

export const checksumHeader = (algorithm: ChecksumName): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;

/** Whether a text is base64 of exactly so many bytes, and written as an encoder writes it. */
export function isBase64Of(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, "base64");
  return decoded.length === bytes && decoded.toString("base64") === text;
}

/** How an answer tells of the checksums that are kept with an object. */
export function checksumHeaders(checksums: readonly Checksum[] = []): Readonly<Record<string, string>> {
  const [first] = checksums;
  return first === undefined
    ? {}
    : {
        ...Object.fromEntries(
          checksums.map(({ algorithm, value }) => [`x-amz-checksum-${algorithm.toLowerCase()}`, value]),
        ),
        "x-amz-checksum-type": first.type,
      };
}
