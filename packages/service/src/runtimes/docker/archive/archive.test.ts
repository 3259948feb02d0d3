import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, IMAGE } from "../docker-runtime.test.kit.ts";
import { archiveEntries } from "./archive-entries.ts";
import { receiveChanges, receiveFolder } from "./receive-folder.ts";
import { sendFolder } from "./send-folder.ts";

let folder: string;
const signal = new AbortController().signal;
const bounds = { bytes: 2 ** 30, entries: 100_000 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-archive-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

/** Paths below a folder with what they are, for comparison. */
async function tree(root: string, below = ""): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = join(below, name);
    const stat = await lstat(join(root, path));
    if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, await tree(root, path));
    else found[path] = stat.isFile() ? (await readFile(join(root, path))).toString("base64") : "no file";
  }
  return found;
}

describe.skipIf(docker === null)("a folder and a container", () => {
  const daemon = docker as Docker;
  async function container(script: string) {
    return await daemon.createContainer({
      Image: IMAGE,
      Entrypoint: ["/bin/bash", "-c", script],
      Labels: { "fieldmark.test": "archive" },
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: "", Target: "/opt/ml" }] },
    });
  }

  test("what is sent into a created container's volume comes back as it was, and is there for the program", async () => {
    const sent = join(folder, "sent");
    await mkdir(join(sent, "processing/input/empty"), { recursive: true });
    await mkdir(join(sent, `processing/input/${"deep/".repeat(30)}`), { recursive: true });
    await writeFile(join(sent, "processing/input/large"), randomBytes(5_000_001));
    await writeFile(join(sent, "processing/input/nothing"), "");
    await writeFile(join(sent, `processing/input/${"ü".repeat(120)} 'x`), "name");
    await writeFile(join(sent, `processing/input/${"deep/".repeat(30)}file`), "deep");
    await writeFile(join(sent, "processing/input/run.sh"), "echo ran > /opt/ml/processing/out/ran", {
      mode: 0o755,
    });
    await chmod(join(sent, "processing/input/empty"), 0o777);
    execFileSync("mkfifo", [join(sent, "processing/fifo")]);
    await mkdir(join(sent, "processing/out"));
    const made = await container(
      "/opt/ml/processing/input/run.sh; stat -c '%a %U %n' /opt/ml/processing/input/{empty,run.sh} > /opt/ml/processing/out/modes; ls /opt/ml/processing >> /opt/ml/processing/out/modes",
    );
    try {
      await sendFolder(daemon, made.id, { folder: sent, path: "/opt/ml", signal });
      await made.start();
      await made.wait();
      const options = { folder: join(folder, "back"), scratch: join(folder, "scratch"), bounds, signal };
      await receiveFolder(daemon, made.id, { ...options, path: "/opt/ml/processing/input" });
      expect(await tree(options.folder)).toEqual(await tree(join(sent, "processing/input")));
      await receiveFolder(daemon, made.id, { ...options, path: "/opt/ml/processing/out" });
      expect(await readFile(join(options.folder, "ran"), "utf8")).toBe("ran\n");
      expect(await readFile(join(options.folder, "modes"), "utf8")).toBe(
        "777 root /opt/ml/processing/input/empty\n755 root /opt/ml/processing/input/run.sh\ninput\nout\n",
      );
      await receiveFolder(daemon, made.id, { ...options, path: "/opt/ml/processing/none" });
      expect(await tree(options.folder)).toEqual({});
    } finally {
      await made.remove({ force: true, v: true });
    }
  });

  test("links and devices in an output stay there; another name of a file is a file", async () => {
    const made = await container(
      "cd /opt/ml; mkdir out; echo a > out/a; ln out/a out/b; ln -s /etc/passwd out/link; ln -s / out/root; ln -s ../.. out/up; mknod out/null c 1 3; mkfifo out/fifo; chmod 000 out/a; mkdir out/closed; echo c > out/closed/c; chmod 000 out/closed",
    );
    try {
      await made.start();
      await made.wait();
      const options = {
        path: "/opt/ml/out",
        folder: join(folder, "links"),
        scratch: join(folder, "scratch"),
        bounds,
        signal,
      };
      await receiveFolder(daemon, made.id, options);
      const a = Buffer.from("a\n").toString("base64");
      expect(await tree(options.folder)).toEqual({
        a,
        b: a,
        "closed/": "",
        "closed/c": Buffer.from("c\n").toString("base64"),
      });
      await expect(
        receiveFolder(daemon, made.id, { ...options, bounds: { bytes: 3, entries: 10 } }),
      ).rejects.toMatchObject({
        code: "OUTPUT_HAZARD",
      });
      expect(Object.keys(await tree(options.folder))).toContain("a"); // all of it or nothing
    } finally {
      await made.remove({ force: true, v: true });
    }
  });

  test("while a container runs, changed files alone come again", async () => {
    const made = await container(
      "cd /opt/ml; mkdir out; echo 1 > out/a; echo 1 > out/b; read < <(sleep 3); echo 22 > out/b; echo 3 > out/c; touch done; sleep 100",
    );
    try {
      await made.start();
      const options = {
        path: "/opt/ml/out",
        folder: join(folder, "changes"),
        scratch: join(folder, "scratch"),
        bounds,
        signal,
      };
      while (!(await lstat(join(options.folder, "b")).catch(() => null)))
        await receiveChanges(daemon, made.id, options);
      const before = await Promise.all(["a", "b"].map((name) => lstat(join(options.folder, name))));
      const isDone = async () => {
        const answer: Readable = await made.infoArchive({ path: "/opt/ml/done" });
        answer.destroy();
        return true;
      };
      while (!(await isDone().catch(() => false)));
      await receiveChanges(daemon, made.id, options);
      const after = await Promise.all(["a", "b"].map((name) => lstat(join(options.folder, name))));
      expect([
        after[0]?.ctimeMs === before[0]?.ctimeMs,
        after[1]?.size,
        (await readdir(options.folder)).sort(),
      ]).toEqual([true, 3, ["a", "b", "c"]]);
    } finally {
      await made.remove({ force: true, v: true });
    }
  });

  test("what cannot be read is the failure, not what the daemon says of it; a signal ends it", async () => {
    const sent = join(folder, "gone");
    await mkdir(sent);
    const made = await container(":");
    try {
      await expect(
        sendFolder(daemon, made.id, { folder: join(sent, "none"), path: "/opt/ml", signal }),
      ).rejects.toMatchObject({ code: "ENOENT" });
      await expect(
        sendFolder(daemon, made.id, { folder: sent, path: "/opt/ml", signal: AbortSignal.abort() }),
      ).rejects.toThrow();
    } finally {
      await made.remove({ force: true, v: true });
    }
  });

  test("a link to an object of the store in the place of a received file is replaced, never written through", async () => {
    const object = join(folder, "object");
    await writeFile(object, "precious");
    await mkdir(join(folder, "linked"));
    await link(object, join(folder, "linked/a"));
    await utimes(object, 1, 1);
    const made = await container("mkdir /opt/ml/out; echo changed > /opt/ml/out/a");
    try {
      await made.start();
      await made.wait();
      const options = {
        path: "/opt/ml/out",
        folder: join(folder, "linked"),
        scratch: join(folder, "scratch"),
        bounds,
        signal,
      };
      await receiveChanges(daemon, made.id, options);
      expect(await readFile(join(folder, "linked/a"), "utf8")).toBe("changed\n");
      await receiveFolder(daemon, made.id, options);
      expect(await readFile(object, "utf8")).toBe("precious");
    } finally {
      await made.remove({ force: true, v: true });
    }
  });
});

describe("an archive that is no friend", () => {
  async function read(
    ...headers: { name: string; type?: "file" | "symlink" | "link" | "directory"; linkname?: string }[]
  ) {
    const archive = pack();
    for (const header of headers)
      archive.entry({ mode: 0o644, ...header }, header.type === undefined ? "text" : "");
    archive.finalize();
    const found: string[] = [];
    for await (const entry of archiveEntries(Readable.from(archive), { bytes: 100, entries: 5 }))
      found.push(`${entry.kind} ${entry.path}`);
    return found;
  }

  test.each(["/etc/passwd", "../x", "out/../../x", "out/./x", "out//x", ".."])(
    "the name %s leads out of the folder",
    async (name) => {
      await expect(read({ name })).rejects.toMatchObject({ code: "OUTPUT_HAZARD" });
    },
  );

  test("a name that is too long for an object, links and the folder itself are passed over", async () => {
    expect(
      await read(
        { name: "out", type: "directory" },
        { name: `out/${"x/".repeat(600)}y` },
        { name: "out/link", type: "symlink", linkname: "/etc" },
        { name: "out/file" },
      ),
    ).toEqual(["folder ", "file file"]);
  });

  test("links to other folders, too many files and too many bytes are refused", async () => {
    await expect(read({ name: "out/a", type: "link", linkname: "/etc/passwd" })).rejects.toMatchObject({
      code: "OUTPUT_HAZARD",
    });
    await expect(read(...Array.from({ length: 6 }, (_, i) => ({ name: `out/${i}` })))).rejects.toThrow(
      /more than 5 files/,
    );
    const archive = pack();
    archive.entry({ name: "out/big", size: 2 ** 40 });
    await expect(
      (async () => {
        for await (const _ of archiveEntries(Readable.from(archive), { bytes: 100, entries: 5 }));
      })(),
    ).rejects.toThrow(/larger than 100 bytes/);
  });

  test("one that is cut short is an error", async () => {
    const archive = pack();
    archive.entry({ name: "out/a" }, "text");
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of Readable.from(archive)) chunks.push(chunk as Buffer);
    const parts = Readable.from([Buffer.concat(chunks).subarray(0, 514)]);
    await expect(
      (async () => {
        for await (const entry of archiveEntries(parts, bounds))
          if (entry.kind === "file") for await (const _ of entry.body);
      })(),
    ).rejects.toThrow();
  });
});
