import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHECKSUM_NAMES, CHECKSUMS } from "./checksums.ts";
import { combineCrcs } from "./crc-combine.ts";

const crcOf = async (algorithm: keyof typeof CHECKSUMS, bytes: Uint8Array): Promise<bigint> => {
  const running = CHECKSUMS[algorithm].start();
  running.update(bytes);
  return BigInt(`0x${(await running.digest()).toString("hex")}`);
};

/** The check values of the CRC catalogue, and digests of the same text. */
test.each([
  ["CRC32", "cbf43926"],
  ["CRC32C", "e3069283"],
  ["CRC64NVME", "ae8b14860a799888"],
  ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
] as const)("%s of 123456789", async (algorithm, expected) => {
  const running = CHECKSUMS[algorithm].start();
  for (const piece of ["1234", "", "56789"]) running.update(Buffer.from(piece));
  expect((await running.digest()).toString("hex")).toBe(expected);
});

describe.each(CHECKSUM_NAMES.filter((name) => CHECKSUMS[name].crc !== null))("%s", (algorithm) => {
  test("the CRC of parts put together is the CRC of the whole", async () => {
    const { crc } = CHECKSUMS[algorithm];
    if (crc === null) throw new Error("no CRC");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
        async (bodies) => {
          const parts = await Promise.all(
            bodies.map(async (body) => ({ size: body.length, crc: await crcOf(algorithm, body) })),
          );
          expect(combineCrcs(parts, crc)).toBe(await crcOf(algorithm, Buffer.concat(bodies)));
        },
      ),
    );
  });
});
