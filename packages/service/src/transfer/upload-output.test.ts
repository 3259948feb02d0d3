import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import {
  appendFile,
  chmod,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import type { ObjectRef } from "@fieldmark/object-store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { outputFiles } from "./output-files.ts";
import { type Fixture, openFixture, planOf, upload } from "./transfer.test.kit.ts";

let fixture: Fixture;
let folder: InstanceFolder;
let out: string;
const puts: string[] = [];
let refusePuts = false;

beforeEach(async () => {
  puts.length = 0;
  refusePuts = false;
  fixture = await openFixture((store) => {
    const seen = Object.create(store) as typeof store;
    seen.list = store.list.bind(store);
    seen.put = async (ref: ObjectRef, ...rest) => {
      if (refusePuts) throw new Error("the network is down");
      puts.push(ref.key);
      return await store.put(ref, ...rest);
    };
    return seen;
  });
  folder = (await fixture.folders(1))[0]!;
  out = join(folder.ml, "processing/out");
  await mkdir(out);
});
afterEach(() => fixture[Symbol.asyncDispose]());

const never = new AbortController().signal;
const uploadAll = (uploads = [upload()], folders = [folder]) =>
  fixture.transfer.upload(planOf({ uploads }), folders, never);

async function stored(): Promise<Record<string, string>> {
  const { objects } = await fixture.store.list("bkt", "results");
  const texts = await Promise.all(
    objects.map(async ({ key }) => [key.slice("results/".length), await body(key)] as const),
  );
  return Object.fromEntries(texts);
}

async function body(key: string): Promise<string> {
  let text = "";
  for await (const chunk of await fixture.store.get({ bucket: "bkt", key })) text += String(chunk);
  return text;
}

describe("at the job's end", () => {
  test("files of all folders become objects, with their content types", async () => {
    await mkdir(join(out, "deep/er"), { recursive: true });
    await writeFile(join(out, "evaluation.json"), "{}");
    await writeFile(join(out, "deep/er/a b\nc.csv"), "1");
    await writeFile(join(out, "empty"), "");
    await uploadAll();
    expect(await stored()).toEqual({ "evaluation.json": "{}", "deep/er/a b\nc.csv": "1", empty: "" });
    expect(
      (await fixture.store.head({ bucket: "bkt", key: "results/evaluation.json" }))?.attributes.contentType,
    ).toBe("application/json");
    expect((await fixture.store.head({ bucket: "bkt", key: "results/empty" }))?.attributes.contentType).toBe(
      "binary/octet-stream",
    );
  });

  test("links, FIFOs and sockets are left out; a hard link to an input is a file like others", async () => {
    const secret = join(fixture.root, "secret");
    await mkdir(secret);
    await writeFile(join(secret, "key"), "secret");
    await symlink(join(secret, "key"), join(out, "file-link"));
    await symlink(secret, join(out, "folder-link"));
    await promisify(execFile)("mkfifo", [join(out, "fifo")]);
    const server = createServer().listen(join(out, "socket"));
    await fixture.put("x", "input");
    await fixture.store.link({ bucket: "bkt", key: "x" }, join(out, "hard"));
    await uploadAll();
    server.close();
    expect(await stored()).toEqual({ hard: "input" });
  });

  test("an output that is itself a link, or below one, or absent, has no files", async () => {
    const secret = join(fixture.root, "secret/sub");
    await mkdir(secret, { recursive: true });
    await writeFile(join(secret, "key"), "secret");
    await rm(out, { recursive: true });
    await symlink(secret, out);
    await symlink(join(fixture.root, "secret"), join(folder.ml, "processing/outer"));
    await uploadAll([
      upload(),
      upload({ localPath: "/opt/ml/processing/outer/sub" }),
      upload({ localPath: "/opt/ml/processing/none" }),
    ]);
    expect(await stored()).toEqual({});
  });

  test("a folder exchanged for a link while it is walked leads nowhere", async () => {
    const secret = join(fixture.root, "secret");
    await mkdir(secret);
    for (const name of ["a", "b"]) await writeFile(join(secret, name), "secret");
    await mkdir(join(out, "sub"));
    for (const name of ["a", "b"]) await writeFile(join(out, "sub", name), "own");
    const texts: string[] = [];
    for await (const file of outputFiles(folder.ml, "processing/out")) {
      if ("reason" in file) throw new Error(file.reason);
      if (texts.length === 0) {
        await rename(join(out, "sub"), join(out, "moved"));
        await symlink(secret, join(out, "sub"));
      }
      const handle = await file.open();
      texts.push(await handle!.readFile("utf8"));
      await handle!.close();
    }
    expect(texts).toEqual(["own", "own"]);
  });

  test("a file exchanged for a link or a FIFO before it is opened is left out", async () => {
    for (const name of ["a", "b", "c"]) await writeFile(join(out, name), "own");
    const opened: unknown[] = [];
    for await (const file of outputFiles(folder.ml, "processing/out")) {
      if ("reason" in file) throw new Error(file.reason);
      const path = join(out, file.path.toString());
      await rm(path);
      if (file.path.toString() === "a") await symlink("/etc/passwd", path);
      if (file.path.toString() === "b") await promisify(execFile)("mkfifo", [path]);
      opened.push(await file.open());
    }
    expect(opened).toEqual([null, null, null]);
  });

  test("names that no key can hold fail the output by name; the others are uploaded", async () => {
    await writeFile(join(out, "fine"), "fine");
    await writeFile(Buffer.concat([Buffer.from(`${out}/bad`), Buffer.from([0xff])]), "x");
    await writeFile(join(out, "é".repeat(127)), "long name");
    const deep = join(
      out,
      "d".repeat(250),
      "d".repeat(250),
      "d".repeat(250),
      "d".repeat(250),
      "d".repeat(250),
    );
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, "x"), "x");
    await expect(uploadAll()).rejects.toMatchObject({
      code: "OUTPUT_FAILED",
      message: expect.stringMatching(
        /Output "out": 2 files .*"bad\ufffd" \(its name is not UTF-8\).*longer than 1024 bytes/,
      ),
    });
    expect(Object.keys(await stored())).toEqual(["fine", "é".repeat(127)]);
  });

  test("a file that the service may not read fails the output by name", async () => {
    await writeFile(join(out, "closed"), "x", { mode: 0 });
    await mkdir(join(out, "locked"), { mode: 0 });
    await mkdir(folder.transfer);
    await chmod(folder.transfer, 0o777);
    await chmod(fixture.root, 0o755);
    const asRoot = process.geteuid?.() === 0;
    // Root reads everything: be somebody else for a while.
    if (asRoot) process.seteuid?.(65_534);
    try {
      await expect(uploadAll()).rejects.toThrow(
        'Output "out": 2 files of /opt/ml/processing/out could not be uploaded: "closed" (permission denied), "locked" (permission denied)',
      );
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  });

  test("a failing store fails the output with its reason; the next try uploads what is missing, once", async () => {
    for (let index = 0; index < 40; index++) await writeFile(join(out, `f${index}`), String(index));
    refusePuts = true;
    await expect(uploadAll()).rejects.toThrow(
      /Output "out" could not be uploaded to s3:\/\/bkt\/results\/f.*: the network is down/,
    );
    refusePuts = false;
    await uploadAll();
    await uploadAll();
    expect(puts.toSorted()).toEqual(
      Object.keys(await stored())
        .map((name) => `results/${name}`)
        .toSorted(),
    );
    expect(puts).toHaveLength(40);
    await writeFile(join(out, "f7"), "7 again");
    await uploadAll();
    expect(puts).toHaveLength(41);
  });

  test("a journal that a crash tore is used as far as it goes", async () => {
    for (const name of ["a", "b"]) await writeFile(join(out, name), name);
    await uploadAll();
    const journal = join(folder.transfer, "uploaded");
    await truncate(journal, (await readFile(journal)).length - 5);
    await uploadAll();
    await uploadAll();
    expect(puts).toHaveLength(3);
  });

  test("a bucket that is not there is said", async () => {
    await writeFile(join(out, "a"), "a");
    await expect(uploadAll([upload({ s3Uri: "s3://absent/x" })])).rejects.toThrow(
      'Output "out" could not be uploaded to s3://absent/x/a',
    );
  });

  test("of hosts that write one object the last has it; outputs go on after one failed", async () => {
    const folders = await fixture.folders(2);
    for (const { host, ml } of folders) {
      await mkdir(join(ml, "processing/out"), { recursive: true });
      await writeFile(join(ml, "processing/out/same"), host);
      await writeFile(join(ml, `processing/out/${host}`), host);
    }
    const failing = upload({ outputName: "bad", s3Uri: "s3://absent/x" });
    await expect(uploadAll([failing, upload()], folders)).rejects.toThrow("bad");
    expect(await stored()).toEqual({ same: "algo-2", "algo-1": "algo-1", "algo-2": "algo-2" });
  });

  test("stops when it is told to", async () => {
    await writeFile(join(out, "a"), "a");
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(fixture.transfer.upload(planOf({ uploads: [upload()] }), [folder], stopped)).rejects.toThrow(
      "stopped",
    );
  });
});

describe("while the program runs", () => {
  const continuous = upload({ s3UploadMode: "Continuous" });

  async function until(key: string, text: string): Promise<void> {
    while ((await stored())[key] !== text) await setTimeout(50);
  }

  test("new and changed files are uploaded when they rested; removed ones stay; the end sends the rest once", async () => {
    const watching = fixture.transfer.watchContinuous(planOf({ uploads: [continuous] }), [folder]);
    await writeFile(join(out, "a"), "1");
    await until("a", "1");
    await writeFile(join(out, "a"), "2");
    await until("a", "2");
    await rm(join(out, "a"));
    await writeFile(join(out, "b"), "late");
    await watching[Symbol.asyncDispose]();
    await uploadAll([continuous]);
    expect(await stored()).toEqual({ a: "2", b: "late" });
    expect(puts).toEqual(["results/a", "results/a", "results/b"]);
  });

  test("a file that grows faster than it is read is uploaded as long as it was", async () => {
    await writeFile(join(out, "log"), "12345");
    const grown = await openFixture((store) => {
      const seen = Object.create(store) as typeof store;
      seen.put = async (ref: ObjectRef, body, ...rest) => {
        await appendFile(join(out, "log"), "6789");
        return await store.put(ref, body, ...rest);
      };
      return seen;
    });
    await grown.transfer.upload(planOf({ uploads: [continuous] }), [folder], never);
    expect((await grown.store.head({ bucket: "bkt", key: "results/log" }))?.size).toBe(5);
    await grown[Symbol.asyncDispose]();
  });

  test("a failure is told, and tried again", async () => {
    refusePuts = true;
    const watching = fixture.transfer.watchContinuous(
      planOf({ uploads: [continuous, upload({ outputName: "end" })] }),
      [folder],
    );
    await writeFile(join(out, "a"), "1");
    while (fixture.problems.length === 0) await setTimeout(50);
    refusePuts = false;
    await until("a", "1");
    await watching[Symbol.asyncDispose]();
  });

  test("outputs of the job's end are not watched", async () => {
    await writeFile(join(out, "a"), "1");
    await using _ = fixture.transfer.watchContinuous(planOf({ uploads: [upload()] }), [folder]);
    expect(existsSync(folder.transfer)).toBe(false);
  });
});
