import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { FieldmarkError } from "@fieldmark/contract";
import { compress } from "snappyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openArchive } from "./archive.ts";
import { readSavedModel } from "./read-saved-model.ts";
import { readTable } from "./saved-model/bundle-index.ts";
import { readSavedModelFiles } from "./saved-model/saved-model.ts";
import { uncompressSnappy } from "./saved-model/snappy.ts";
import { openTensorBundle } from "./saved-model/tensor-bundle.ts";
import { table } from "./saved-model/write-table.test.kit.ts";

// Every parser, fed with real files that were damaged. The long mode:
//   npm run fuzz -- 100

const ROUNDS = 150 * Number(process.env.FIELDMARK_FUZZ ?? 1);
const SEED = Number(process.env.FIELDMARK_FUZZ_SEED ?? 1);
/** No input of some 20 KB may take more processor time, or more memory. */
const ROUND_MILLISECONDS = 20_000;
const ROUND_BYTES = 512 * 1024 ** 2;
const TIMEOUT = 120_000 + ROUNDS * 1000;

const GOLDEN = fileURLToPath(new URL("../../golden/saved-models/", import.meta.url));
let folder = "";
let archives: readonly Buffer[] = [];
let models: readonly ReadonlyMap<string, Uint8Array>[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-fuzz-"));
  const names = (await readdir(GOLDEN)).filter((name) => name.endsWith(".tar.gz"));
  archives = await Promise.all(names.map((name) => readFile(join(GOLDEN, name))));
  const opened = await Promise.all(names.map((name) => openArchive(join(GOLDEN, name), "gzip")));
  models = opened.map(
    ({ files }) => new Map([...files].map(([name, bytes]) => [name.replace(/^1\//, ""), bytes])),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that parsers trip over: long varints, large lengths, signs. */
const TRIPS = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80],
  [0],
  [0x7f],
];

function damaged(source: Uint8Array, random: () => number): Uint8Array {
  let bytes = Uint8Array.from(source);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let i = 1 + below(4); i > 0 && bytes.length > 0; i -= 1) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(random() < 0.5 ? 4 : 200));
    const kind = below(6);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind === 1) bytes[at] = below(256);
    else if (kind === 2) bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(end)]);
    else if (kind === 3) bytes = Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(at)]);
    else if (kind === 4) bytes.set((TRIPS[below(TRIPS.length)] ?? []).slice(0, bytes.length - at), at);
    else if (random() < 0.2) bytes = bytes.slice(0, at);
  }
  return bytes;
}

/** Runs rounds; each may only succeed or throw an error of the input, in bounded time and memory. */
async function fuzz(
  round: (random: () => number) => unknown,
  allowed: (error: unknown) => boolean,
): Promise<number> {
  let refused = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const before = { time: process.cpuUsage(), bytes: process.memoryUsage().arrayBuffers };
    try {
      await round(randomFrom(SEED * 1_000_003 + i));
    } catch (error) {
      if (!allowed(error)) throw new Error(`round ${i} of seed ${SEED}: ${String(error)}`, { cause: error });
      refused += 1;
    }
    const { user, system } = process.cpuUsage(before.time);
    expect((user + system) / 1000, `time of round ${i}`).toBeLessThan(ROUND_MILLISECONDS);
    expect(process.memoryUsage().arrayBuffers - before.bytes, `memory of round ${i}`).toBeLessThan(
      ROUND_BYTES,
    );
  }
  return refused;
}

const ofTheInput = (error: unknown): boolean => error instanceof FieldmarkError && error.fault === "input";
const pick = <T>(list: readonly T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T;
const some = ROUNDS / 10;

test(
  "damaged .tar.gz files",
  async () => {
    const path = join(folder, "model.tar.gz");
    const refused = await fuzz(async (random) => {
      await writeFile(path, damaged(pick(archives, random), random));
      await readSavedModel(path);
    }, ofTheInput);
    expect(refused).toBeGreaterThan(some);
  },
  TIMEOUT,
);

test(
  "damaged .tar files, packed again so that gzip's checksum is right",
  async () => {
    const path = join(folder, "model.tar.gz");
    const refused = await fuzz(async (random) => {
      const tar = gunzipSync(pick(archives, random));
      await writeFile(path, gzipSync(damaged(tar, random), { level: 1 }));
      await readSavedModel(path);
    }, ofTheInput);
    expect(refused).toBeGreaterThan(some);
  },
  TIMEOUT,
);

test(
  "damaged saved_model.pb",
  async () => {
    const refused = await fuzz((random) => {
      const files = new Map(pick(models, random));
      files.set("saved_model.pb", damaged(files.get("saved_model.pb") ?? new Uint8Array(), random));
      return readSavedModelFiles({ files, folder: "", place: "m" }, undefined);
    }, ofTheInput);
    expect(refused).toBeGreaterThan(some);
  },
  TIMEOUT,
);

test(
  "damaged variables.index, also where its checksums are right",
  async () => {
    const stored = models.filter((files) => files.has("variables/variables.index"));
    const refused = await fuzz((random) => {
      const files = new Map(pick(stored, random));
      const index = files.get("variables/variables.index") ?? new Uint8Array();
      const entries = [...readTable(index, "m")];
      const victim = pick(entries, random);
      const rebuilt = entries.map(([key, value]): [string, Uint8Array] =>
        key === victim[0] ? [key, damaged(value, random)] : [key, value],
      );
      const checked = random() < 0.7;
      files.set(
        "variables/variables.index",
        checked ? table([rebuilt], random() < 0.5) : damaged(index, random),
      );
      const bundle = openTensorBundle(files, "variables/", "m");
      for (const [name] of entries) if (bundle.has(name)) bundle.read(name);
    }, ofTheInput);
    expect(refused).toBeGreaterThan(some);
  },
  TIMEOUT,
);

test(
  "damaged snappy",
  async () => {
    const refused = await fuzz(
      (random) => {
        const index = pick(models, random).get("saved_model.pb") ?? new Uint8Array();
        const start = Math.floor(random() * index.length);
        const packed = new Uint8Array(compress(Uint8Array.from(index.subarray(start, start + 3000))));
        return uncompressSnappy(damaged(packed, random));
      },
      (error) => error instanceof RangeError,
    );
    expect(refused).toBeGreaterThan(some);
  },
  TIMEOUT,
);
