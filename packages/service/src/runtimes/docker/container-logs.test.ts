import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectDocker } from "./connect-docker.ts";
import { followContainerLogs, logConfig } from "./container-logs.ts";

const connection = await connectDocker(process.env);
const kit = new URL("../../../dist/runtimes/docker/container-logs.test.kit.js", import.meta.url);
const IMAGE = "debian:bookworm-slim";
const hasImage =
  connection !== null &&
  (await connection.docker
    .getImage(IMAGE)
    .inspect()
    .then(
      () => true,
      () => false,
    ));
if (!hasImage) console.warn(`skipped: no Docker daemon that has ${IMAGE}`);

describe.skipIf(!hasImage)("a container's output", () => {
  if (connection === null) return;
  const { docker } = connection;
  const LABELS = { "fieldmark.test": `logs-${process.pid}` };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmark-container-logs-"));
  });
  afterEach(async () => {
    const filters = { label: Object.entries(LABELS).map(([key, value]) => `${key}=${value}`) };
    for (const { Id } of await docker.listContainers({ all: true, filters }))
      await docker.getContainer(Id).remove({ force: true });
  });
  afterAll(async () => await rm(folder, { recursive: true }));

  async function create(script: string, config = logConfig(["local"])) {
    return await docker.createContainer({
      Image: IMAGE,
      Entrypoint: ["/bin/bash", "-c", script],
      Labels: LABELS,
      HostConfig: { LogConfig: config, NetworkMode: "none" },
    });
  }
  async function start(script: string, config = logConfig(["local"])) {
    const container = await create(script, config);
    await container.start();
    return container;
  }
  const files = (id: string) => ({ file: join(folder, `${id}.log`), position: join(folder, `${id}.at`) });
  const follow = async (id: string, options: { readonly limit?: number } = {}) => {
    await followContainerLogs(docker, id, {
      ...files(id),
      signal: new AbortController().signal,
      onProblem: (error) => {
        throw error;
      },
      ...options,
    });
    return files(id).file;
  };
  const output = async (script: string) => await readFile(await follow((await start(script)).id), "latin1");

  test.each([
    ["lines, blank ones too", "echo a; echo; echo b", "a\n\nb\n"],
    ["no final newline", "echo a; printf b", "a\nb"],
    ["nothing", ":", ""],
    [
      "what is no UTF-8",
      String.raw`printf '\xff\xfe\x00\xc3\n\x80\r\n\xe2\x82'`,
      "\xff\xfe\x00\xc3\n\x80\r\n\xe2\x82",
    ],
    [
      "stderr and stdout in turn",
      "for i in 1 2 3; do echo o$i; sleep .1; echo e$i >&2; sleep .1; done",
      "o1\ne1\no2\ne2\no3\ne3\n",
    ],
    [
      "lines that look like Docker's own times",
      "echo 2026-01-01T00:00:00.000000000Z x; echo ' y'",
      "2026-01-01T00:00:00.000000000Z x\n y\n",
    ],
  ])("is kept as printed: %s", async (_, script, expected) => {
    expect(await output(script)).toBe(expected);
  });

  test.each([16_383, 16_384, 16_385, 32_768, 49_153])(
    "a line of %i bytes is one line, with its newline",
    async (bytes) => {
      const text = await output(`head -c ${bytes} /dev/zero | tr '\\0' x; echo; echo next`);
      expect([text.length, text.slice(-6)]).toEqual([bytes + 6, "\nnext\n"]);
    },
  );

  test("100 MB of numbered lines and of random bytes are equal by digest", async () => {
    const container = await start(
      "yes \"$(head -c 300 /dev/zero | tr '\\0' .)\" | head -n 160000 | cat -n > /n; head -c 50000000 /dev/urandom > /r; cat /n /r; sha256sum /n /r",
    );
    const text = await readFile(await follow(container.id));
    const sums = text
      .subarray(-2 * 69)
      .toString()
      .match(/[0-9a-f]{64}/g);
    const printed = text.subarray(0, -2 * 69);
    const split = printed.length - 50_000_000;
    const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect([sha256(printed.subarray(0, split)), sha256(printed.subarray(split))]).toEqual(sums);
  }, 400_000);

  test.skipIf(!existsSync(kit))(
    "followers that are killed at random leave the next one to go on: nothing twice, nothing lost",
    async () => {
      const container = await start(
        'for i in $(seq 60); do seq -f "$i: %.0f" 1 20000; head -c 40000 /dev/urandom | base64 -w0; sleep .05; done | tee /all; sha256sum < /all',
      );
      const { file, position } = files(container.id);
      let kills = 0;
      for (let done = false; !done; ) {
        const follower = spawn(
          process.execPath,
          [kit.pathname, ...["/var/run/docker.sock", container.id, file, position]],
          { stdio: ["ignore", "inherit", "inherit"] },
        );
        const ended = once(follower, "exit");
        const early =
          kills < 5 ? pause(600 + Math.random() * 900).then(() => follower.kill("SIGKILL")) : null;
        const [code] = (await ended) as [number | null];
        await early;
        if (code === null) kills += 1;
        done = code === 0;
      }
      expect(kills).toBeGreaterThan(0);
      const text = await readFile(file);
      const at = text.length - 68;
      expect(createHash("sha256").update(text.subarray(0, at)).digest("hex")).toBe(
        text.subarray(at, at + 64).toString(),
      );
    },
    400_000,
  );

  test("is followed from before the start, and to the end of a container that was killed", async () => {
    const container = await create("echo up; sleep 100");
    const following = follow(container.id);
    await container.start();
    const { file } = files(container.id);
    while ((await stat(file).catch(() => null))?.size !== 3) await pause(20);
    await container.kill();
    await following;
    expect(await readFile(file, "utf8")).toBe("up\n");
    await container.remove();
    expect(await follow(container.id)).toBe(file);
  });

  test("following ends with its signal, and goes on later", async () => {
    const container = await start("echo 1; sleep 1; echo 2");
    const stop = new AbortController();
    const following = followContainerLogs(docker, container.id, {
      ...files(container.id),
      signal: stop.signal,
      onProblem: () => {},
    });
    await pause(300);
    stop.abort(new Error("the service ends"));
    await expect(following).rejects.toThrow("the service ends");
    expect(await readFile(await follow(container.id), "utf8")).toBe("1\n2\n");
  });

  test("what is beyond the limit is left out, said once, and the program runs on", async () => {
    const container = await start("yes | head -n 100000; exit 3");
    await follow(container.id, { limit: 1_000 });
    const text = await readFile(await follow(container.id, { limit: 1_000 }), "utf8");
    expect(text).toBe(
      `${"y\n".repeat(500)}\nfieldmark: this output is longer than 1000 bytes; the rest is not kept\n`,
    );
    expect((await container.inspect()).State.ExitCode).toBe(3);
  });

  test("a program that prints without end, and no newline, takes no more of Docker's disk than the limit, and the gap is said", async () => {
    const container = await start(
      "head -c 30000000 /dev/zero | tr '\\0' x; sleep 2; head -c 60000000 /dev/zero | tr '\\0' y",
      logConfig(["local"], 20_000_000),
    );
    const stop = new AbortController();
    const first = followContainerLogs(docker, container.id, {
      ...files(container.id),
      signal: stop.signal,
      onProblem: () => {},
    });
    first.catch(() => {});
    await container.wait();
    stop.abort();
    const file = await follow(container.id);
    const text = await readFile(file, "latin1");
    expect(text.slice(-200)).toMatch(/fieldmark: parts of this output are missing/);
    expect((await stat(file)).size).toBeLessThan(90_000_200);
  });
});
