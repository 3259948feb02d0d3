import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BodyMd5 } from "./body-md5.ts";

const MIB = 1 << 20;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-md5-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** As a draft is written: what is received stands in the file a while later. */
async function md5Of(name: string, chunks: readonly Uint8Array[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, "");
  using md5 = new BodyMd5(path);
  for (const chunk of chunks) {
    md5.received(chunk);
    await appendFile(path, chunk);
    md5.written(chunk.length);
  }
  return (await md5.digest()).toString("hex");
}

test("small and large bodies, in chunks of any size, have the MD5 of their bytes", async () => {
  for (const [size, chunk] of [
    [0, 1],
    [5, 2],
    [4 * MIB, MIB],
    [4 * MIB + 1, MIB],
    [11 * MIB + 7, 300_000],
    [9 * MIB, 9 * MIB],
  ] as const) {
    const whole = randomBytes(size);
    const chunks = [];
    for (let at = 0; at < size; at += chunk) chunks.push(whole.subarray(at, at + chunk));
    expect(await md5Of(`${size}-${chunk}`, chunks)).toBe(createHash("md5").update(whole).digest("hex"));
  }
});

test("many large bodies at once each get their own", async () => {
  const bodies = Array.from({ length: 8 }, (_, i) => [Buffer.alloc(5 * MIB, i), randomBytes(MIB)]);
  const md5s = await Promise.all(bodies.map((chunks, i) => md5Of(`${i}`, chunks)));
  expect(md5s).toEqual(bodies.map((chunks) => createHash("md5").update(Buffer.concat(chunks)).digest("hex")));
});

test("a file that is gone, or shorter than was said, is an error of its body alone", async () => {
  const body = Buffer.alloc(5 * MIB, 1);
  using gone = new BodyMd5(join(folder, "gone"));
  gone.received(body);
  gone.written(body.length);
  await expect(gone.digest()).rejects.toMatchObject({ code: "ENOENT" });
  await writeFile(join(folder, "short"), "x");
  using short = new BodyMd5(join(folder, "short"));
  short.received(body);
  short.written(body.length);
  await expect(short.digest()).rejects.toThrow(/ends before byte 5242880/);
  expect(await md5Of("whole", [body])).toBe(createHash("md5").update(body).digest("hex"));
});

test("one that is given up leaves its file free, and others go on", async () => {
  const path = join(folder, "given-up");
  const body = Buffer.alloc(6 * MIB, 1);
  await writeFile(path, body);
  {
    using md5 = new BodyMd5(path);
    md5.received(body);
    md5.written(body.length);
  }
  await rm(path);
  expect(await md5Of("next", [body])).toBe(createHash("md5").update(body).digest("hex"));
});
