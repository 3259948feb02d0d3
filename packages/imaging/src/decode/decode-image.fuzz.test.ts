import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";

/** Mutants a golden file; `npm run fuzz` is the long mode. */
const ROUNDS = 3 * Number(process.env.FIELDMARK_FUZZ ?? 1);
const PIXEL_LIMIT = 1_000_000;
/** Of processor time: a busy machine takes longer. */
const MAX_MILLISECONDS = 10_000;
const MAX_GROWTH = 400 * 2 ** 20;

/** xorshift32: the same mutants on every machine. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Mutation = (bytes: Buffer, random: (below: number) => number) => Buffer;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "one bit": (bytes, random) => {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  "some bytes": (bytes, random) => {
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  "a word of ones, in the header": (bytes, random) => {
    const at = random(Math.min(64, bytes.length));
    bytes.subarray(at, at + 1 + random(4)).fill(0xff);
    return bytes;
  },
  "cut short": (bytes, random) => bytes.subarray(0, random(bytes.length)),
  "bytes taken out": (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(20))]);
  },
  "a part doubled": (bytes, random) => {
    const at = random(bytes.length);
    const end = at + 1 + random(60);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
};

test.each(["jpeg", "png", "gif", "webp", "bmp", "tiff"])(
  "mutants of every golden %s give pixels or an error of the input, in bounded time and memory",
  { timeout: 60_000 + ROUNDS * 10_000 },
  async (format) => {
    const path = join(import.meta.dirname, `../../golden/decode/${format}.json`);
    const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: Record<string, { file: string }> };
    const random = seeded(0xf1e1d);
    const before = process.memoryUsage.rss();
    for (const [name, { file }] of Object.entries(cases)) {
      for (let round = 0; round < ROUNDS; round++) {
        const [kind, mutate] = Object.entries(MUTATIONS)[random(6)] as [string, Mutation];
        const mutant = mutate(Buffer.from(file, "base64"), random);
        const where = `${name}, round ${round}: ${kind}`;
        const start = process.cpuUsage();
        const result = await decodeImage(mutant, { file: "mutant", pixelLimit: PIXEL_LIMIT }).catch(
          (error: unknown) => error,
        );
        const { user, system } = process.cpuUsage(start);
        expect((user + system) / 1000, where).toBeLessThan(MAX_MILLISECONDS);
        if (result instanceof Error) {
          if (!(result instanceof FieldmarkError)) throw new Error(where, { cause: result });
          expect(result.code, where).toMatch(/^IMAGE_/);
          expect(result.message, where).toMatch(/^mutant: /);
        } else {
          const { width, height, data } = result as Awaited<ReturnType<typeof decodeImage>>;
          expect(width * height, where).toBeLessThanOrEqual(PIXEL_LIMIT);
          expect(data.length, where).toBe(width * height * 3);
        }
      }
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH);
  },
);
