import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenOptions, openArchive } from "./archive.ts";
import { ARCHIVE_LIMITS } from "./archive-entry.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-archive-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { content = "", ...header } of entries) packing.entry(header, content);
  packing.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of packing) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function opened(bytes: Buffer, options: OpenOptions = {}): ReturnType<typeof openArchive> {
  const path = join(folder, "model.tar.gz");
  await writeFile(path, bytes);
  return openArchive(path, bytes[0] === 0x1f && bytes[1] === 0x8b ? "gzip" : "none", options);
}

const GOOD: Entry = { name: "1/saved_model.pb", content: "model" };

test.each(["gzip", "none"] as const)(
  "files that matter are kept whole, the others passed over (%s)",
  async (kind) => {
    const bytes = await tar([
      { name: "./1/", type: "directory" },
      { ...GOOD, name: "./1/saved_model.pb" },
      { name: "1/variables/variables.data-00000-of-00001", content: "x".repeat(3_000_000) },
      { name: "1/notes.bin", content: "passed over" },
      { name: "1/labels.txt", content: "a\nb" },
      { name: "1/empty.json", content: "" },
    ]);
    const { files, names } = await opened(kind === "gzip" ? gzipSync(bytes) : bytes);
    expect([...files.keys()]).toEqual([
      "1/saved_model.pb",
      "1/variables/variables.data-00000-of-00001",
      "1/labels.txt",
      "1/empty.json",
    ]);
    expect(names).toContain("1/notes.bin");
    expect(Buffer.from(files.get("1/saved_model.pb") ?? []).toString()).toBe("model");
    expect(files.get("1/variables/variables.data-00000-of-00001")).toHaveLength(3_000_000);
  },
);

test.each<{ hazard: string; entry: Entry }>([
  { hazard: "path traversal", entry: { name: "../../etc/cron.d/evil" } },
  { hazard: "path traversal", entry: { name: "1/assets/../../../evil" } },
  { hazard: "path traversal", entry: { name: "1\\..\\..\\evil" } },
  { hazard: "absolute path", entry: { name: "/etc/passwd" } },
  { hazard: "absolute path", entry: { name: "C:\\Windows\\evil" } },
  { hazard: "symbolic link", entry: { name: "1/saved_model.pb", type: "symlink", linkname: "/etc/passwd" } },
  { hazard: "hard link", entry: { name: "1/saved_model.pb", type: "link", linkname: "/etc/shadow" } },
  { hazard: "device", entry: { name: "1/zero", type: "character-device", devmajor: 1, devminor: 5 } },
  { hazard: "device", entry: { name: "1/disk", type: "block-device", devmajor: 8, devminor: 0 } },
  { hazard: "fifo", entry: { name: "1/pipe", type: "fifo" } },
  { hazard: "duplicate name", entry: { name: "./1//saved_model.pb", content: "other" } },
])("$hazard is refused by name: $entry.name", async ({ hazard, entry }) => {
  const bytes = gzipSync(await tar([GOOD, entry]));
  await expect(opened(bytes)).rejects.toMatchObject({
    code: "ARCHIVE_HAZARD",
    message: expect.stringContaining(hazard),
    details: { hazard },
  });
});

test("a traversal in a pax header is refused", async () => {
  // tar-stream writes a pax header for names that are too long for the plain one.
  const bytes = gzipSync(await tar([GOOD, { name: `${"deep/".repeat(60)}../${"x".repeat(200)}` }]));
  await expect(opened(bytes)).rejects.toMatchObject({
    code: "ARCHIVE_HAZARD",
    details: { hazard: "path traversal" },
  });
});

test("more than 100,000 entries are refused", async () => {
  const block = (await tar([{ name: "name-000000" }])).subarray(0, 512);
  const blocks = Array.from({ length: 100_001 }, (_, i) => numbered(block, i));
  const bytes = gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 1 });
  await expect(opened(bytes)).rejects.toMatchObject({
    code: "ARCHIVE_HAZARD",
    message: expect.stringContaining("too many entries: more than 100000"),
  });
});

/** A tar header of that name, with the checksum that goes with it. */
const numbered = (header: Buffer, index: number): Buffer =>
  named(header, `name-${String(index).padStart(6, "0")}`);

function named(header: Buffer, name: string): Buffer {
  const copy = Buffer.from(header);
  copy.fill(0, 0, 100);
  copy.write(name, 0);
  copy.fill(" ", 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return copy;
}

test("an archive that unpacks to far more than it is, is stopped while it unpacks", async () => {
  const bomb = gzipSync(await tar([GOOD, { name: "1/assets/zeros", content: "\0".repeat(40_000_000) }]), {
    level: 9,
  });
  expect(bomb.length).toBeLessThan(200_000);
  const limits = { ...ARCHIVE_LIMITS, ratioFreeBytes: 4_000_000 };
  await expect(opened(bomb, { limits })).rejects.toMatchObject({
    code: "ARCHIVE_HAZARD",
    details: { hazard: "decompression bomb" },
  });
  await expect(opened(bomb, { limits: { ...ARCHIVE_LIMITS, totalBytes: 30_000_000 } })).rejects.toMatchObject(
    {
      code: "ARCHIVE_HAZARD",
      details: { hazard: "decompression bomb" },
    },
  );
});

test("a size that cannot be true is refused before memory is taken for it", async () => {
  const honest = await tar([{ name: "1/saved_model.pb", content: "x" }]);
  const header = Buffer.from(honest.subarray(0, 512));
  header.write("77777777777\0", 124); // 8 GiB − 1
  const fixed = Buffer.concat([named(header, "1/saved_model.pb"), honest.subarray(512)]);
  const before = process.memoryUsage().arrayBuffers;
  await expect(opened(gzipSync(fixed))).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
});

test("a file beyond the limit is refused", async () => {
  const bytes = await tar([{ name: "1/saved_model.pb", content: "x".repeat(5000) }]);
  const limits = { ...ARCHIVE_LIMITS, fileBytes: 4999 };
  await expect(opened(bytes, { limits })).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
});

const golden = fileURLToPath(new URL("../../golden/saved-models/keras2_save.tar.gz", import.meta.url));

test.each([0.02, 0.2, 0.5, 0.9, 0.999])(
  "a .tar.gz cut short at %d of its length is ARCHIVE_BROKEN",
  async (part) => {
    const whole = await readFile(golden);
    const cut = whole.subarray(0, Math.floor(whole.length * part));
    await expect(opened(cut)).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  },
);

test("a .tar cut short is ARCHIVE_BROKEN, also where an entry ends", async () => {
  const whole = gunzipSync(await readFile(golden));
  await expect(opened(whole.subarray(0, 10_000))).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  const oneEntry = (await tar([GOOD])).subarray(0, 1024);
  await expect(opened(oneEntry)).rejects.toMatchObject({
    code: "ARCHIVE_BROKEN",
    message: expect.stringContaining("the end of the archive is missing"),
  });
});

test("reading stops when it is told to", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(openArchive(golden, "gzip", { signal })).rejects.toThrow("enough");
});

test("a path that is not there is FILE_NOT_FOUND", async () => {
  await expect(openArchive(join(folder, "none.tar"), "none")).rejects.toMatchObject({
    code: "FILE_NOT_FOUND",
  });
});
