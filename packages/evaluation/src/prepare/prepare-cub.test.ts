import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareCub } from "./prepare-cub.ts";
import { splitClass } from "./split.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-cub-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const CLASSES = ["001.Albatross", "002.Auklet", "003.Bunting"];
const PER_CLASS = 10;

/** A CUB-shaped tree: three classes of ten pictures. */
function files(): Map<string, string> {
  const tree = new Map<string, string>();
  const pictures = CLASSES.flatMap((name) =>
    Array.from({ length: PER_CLASS }, (_, index) => `${name}/${name.slice(4)}_${index}.jpg`),
  );
  tree.set("classes.txt", CLASSES.map((name, index) => `${index + 1} ${name}\n`).join(""));
  tree.set("images.txt", pictures.map((name, index) => `${index + 1} ${name}\n`).join(""));
  tree.set(
    "image_class_labels.txt",
    pictures.map((name, index) => `${index + 1} ${Number(name.slice(0, 3))}\n`).join(""),
  );
  for (const name of pictures) tree.set(`images/${name}`, `bytes of ${name}`);
  return tree;
}

async function writeTree(): Promise<string> {
  const root = join(folder, "CUB_200_2011");
  for (const [name, text] of files()) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return folder;
}

async function writeArchive(
  extra: (tar: ReturnType<typeof pack>) => void = () => {},
): Promise<{ path: string; md5: string }> {
  const tar = pack();
  for (const [name, text] of files()) tar.entry({ name: `CUB_200_2011/${name}` }, text);
  extra(tar);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const bytes = gzipSync(Buffer.concat(chunks));
  const path = join(folder, "cub.tgz");
  await writeFile(path, bytes);
  return { path, md5: createHash("md5").update(bytes).digest("hex") };
}

const base = () => ({
  downloads: join(folder, "downloads"),
  output: join(folder, "out"),
  classes: [3, 1],
  seed: 7,
});

test("a tree becomes the lab's layout: classes renumbered by original id, 60/20/20 of each", async () => {
  const from = await writeTree();
  const { counts, classNames } = await prepareCub({ ...base(), from });
  expect(counts).toEqual({ train: 12, valid: 4, test: 4 });
  expect(classNames).toEqual(["001.Albatross", "003.Bunting"]);
  const lines = (await readFile(join(folder, "out/manifest/test.csv"), "utf8")).trim().split("\n");
  expect(lines[0]).toBe("image_file_name,orig_class_id,class_id,class_name");
  expect(lines).toHaveLength(5);
  for (const line of lines.slice(1)) {
    const [name, orig, id, className] = line.split(",");
    expect([orig, id, className]).toEqual(
      className === "001.Albatross" ? ["1", "1", className] : ["3", "2", className],
    );
    expect(await readFile(join(folder, "out/test", name ?? ""), "utf8")).toBe(`bytes of ${name}`);
  }
});

test("the archive gives the same dataset as the tree, and the seed decides the split", async () => {
  const from = await writeTree();
  const { path, md5 } = await writeArchive();
  await prepareCub({ ...base(), from, output: join(folder, "a") });
  await prepareCub({ ...base(), from: path, md5, output: join(folder, "b") });
  await prepareCub({ ...base(), from: path, md5, output: join(folder, "c"), seed: 8 });
  const manifest = async (name: string) => await readFile(join(folder, name, "manifest/train.csv"), "utf8");
  expect(await manifest("b")).toBe(await manifest("a"));
  expect(await manifest("c")).not.toBe(await manifest("a"));
});

test("entries that are none of the dataset's are passed over and write nothing outside", async () => {
  const { path, md5 } = await writeArchive((tar) => {
    tar.entry({ name: "CUB_200_2011/images/../../../escape.jpg" }, "x");
    tar.entry({
      name: "CUB_200_2011/images/001.Albatross/link.jpg",
      type: "symlink",
      linkname: "/etc/passwd",
    });
    tar.entry({ name: "/CUB_200_2011/classes.txt" }, "9 evil\n");
  });
  const { counts } = await prepareCub({ ...base(), from: path, md5 });
  expect(counts.train).toBe(12);
  expect((await readdir(folder)).sort()).toEqual(["cub.tgz", "out"]);
});

test.each(["../../../evil/x.jpg", "/evil/x.jpg", "..\\x/y.jpg", "../x.jpg", "a/..", "x.jpg", "a/b/c.jpg"])(
  "the name %j in images.txt is refused: nothing is read or written elsewhere",
  async (name) => {
    const from = await writeTree();
    const table = join(from, "CUB_200_2011/images.txt");
    await writeFile(table, (await readFile(table, "utf8")).replace("001.Albatross/Albatross_3.jpg", name));
    await expect(prepareCub({ ...base(), from })).rejects.toMatchObject({
      code: "DATASET_INVALID",
      message: expect.stringContaining(JSON.stringify(name)),
    });
    expect(await readdir(folder)).toEqual(["CUB_200_2011"]);
  },
);

test("a decompression bomb is stopped, in a picture or between the entries", async () => {
  const zeros = Buffer.alloc(70 * 2 ** 20);
  for (const name of ["CUB_200_2011/README", "CUB_200_2011/images/001.Albatross/bomb.jpg"]) {
    const { path, md5 } = await writeArchive((tar) => tar.entry({ name }, zeros));
    const error = await prepareCub({ ...base(), from: path, md5 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^ARCHIVE_(HAZARD|BROKEN)$/) });
    expect(await readdir(folder)).toEqual(["cub.tgz"]);
  }
});

test("another checksum, a cut archive and a folder in use leave nothing behind", async () => {
  const { path, md5 } = await writeArchive();
  await expect(prepareCub({ ...base(), from: path })).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  const bytes = await readFile(path);
  for (let length = 100; length < bytes.length; length += 20) {
    await writeFile(path, bytes.subarray(0, length));
    await expect(prepareCub({ ...base(), from: path, md5 })).rejects.toMatchObject({
      code: "ARCHIVE_BROKEN",
    });
    expect(await readdir(folder)).toEqual(["cub.tgz"]);
  }
  await mkdir(join(folder, "out"));
  await writeFile(join(folder, "out/mine.txt"), "");
  await expect(prepareCub({ ...base(), from: await writeTree() })).rejects.toMatchObject({
    code: "OUTPUT_EXISTS",
  });
});

test("classes and fractions out of range are usage errors", async () => {
  const from = await writeTree();
  await expect(prepareCub({ ...base(), from, classes: [4] })).rejects.toMatchObject({ code: "USAGE" });
  await expect(prepareCub({ ...base(), from, split: [0.6, 0.6, 0.2] })).rejects.toMatchObject({
    code: "USAGE",
  });
  await expect(prepareCub({ ...base(), from, split: [Number.NaN, 1, 0] })).rejects.toMatchObject({
    code: "USAGE",
  });
});

test("a download that breaks off is resumed, then kept", async () => {
  const { path, md5 } = await writeArchive();
  const bytes = await readFile(path);
  const ranges: (string | undefined)[] = [];
  const partial = join(folder, "downloads/CUB_200_2011.tgz.part");
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start });
    if (ranges.length > 1) response.end(bytes.subarray(start));
    else {
      response.write(bytes.subarray(0, 500));
      const timer = setInterval(async () => {
        const { size } = await stat(partial).catch(() => ({ size: 0 }));
        if (size < 500) return;
        clearInterval(timer);
        response.destroy();
      }, 10);
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cub.tgz`;
  try {
    await expect(prepareCub({ ...base(), from: null, md5, url })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
    const { counts } = await prepareCub({ ...base(), from: null, md5, url });
    expect(counts.train).toBe(12);
    expect(ranges).toEqual([undefined, "bytes=500-"]);
    await prepareCub({ ...base(), from: null, md5, url, output: join(folder, "again") });
    expect(ranges).toHaveLength(2);
  } finally {
    server.close();
  }
});

test("a class of 60 gives 36, 12 and 12; one of 1 loses nothing", () => {
  const count = (size: number) => {
    const parts = [
      ...splitClass(
        Array.from({ length: size }, (_, i) => `${i}`),
        [0.6, 0.2, 0.2],
        1,
      ).values(),
    ];
    return ["train", "valid", "test"].map((part) => parts.filter((one) => one === part).length);
  };
  expect(count(60)).toEqual([36, 12, 12]);
  expect(count(1)).toEqual([1, 0, 0]);
});
