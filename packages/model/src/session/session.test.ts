import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { MODEL_FILE, writeModel } from "../onnx/write-model.ts";
import type { Tensor } from "../tensor.ts";
import { Session } from "./session.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-session-"));
  await writeModel(GRAPH, folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const SIZE = 900;
const kernel = new Float32Array(SIZE * SIZE).fill(1 / SIZE);
/** y = xᵗ · kernel, forty times: slow enough to be interrupted. */
const GRAPH: Graph = {
  inputs: [{ name: "x", key: "x", dataType: "float32", shape: [null, SIZE] }],
  outputs: [{ name: "v40", key: "y", dataType: "float32", shape: [null, SIZE] }],
  nodes: Array.from({ length: 40 }, (_, index) => ({
    name: `n${index}`,
    op: "MatMul",
    inputs: [index === 0 ? "x" : `v${index}`, "kernel"],
    outputs: [`v${index + 1}`],
    attributes: {},
  })),
  constants: new Map([["kernel", { dataType: "float32", shape: [SIZE, SIZE], data: kernel }]]),
};

const rows = (count: number, value: number): Tensor => ({
  dataType: "float32",
  shape: [count, SIZE],
  data: new Float32Array(count * SIZE).fill(value),
});

const first = (tensor: Tensor | undefined) => tensor && (tensor.data as Float32Array)[0];

async function opened(): Promise<Session> {
  const session = new Session();
  await session.open(join(folder, MODEL_FILE), { threads: 1 });
  return session;
}

test("runs one after the other, each with its own inputs, while this thread stays free", async () => {
  await using session = await opened();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const results = await Promise.all(
    [1, 2, 3].map(async (value) => (await session.run({ x: rows(64, value) }, ["v40"])).v40),
  );
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
  for (const [index, tensor] of results.entries()) {
    expect(tensor?.shape).toEqual([64, SIZE]);
    expect(first(tensor)).toBeCloseTo(index + 1, 3);
  }
});

test("inputs are copied, unless they are handed over", async () => {
  await using session = await opened();
  const x = rows(1, 1);
  await session.run({ x }, ["v40"]);
  expect(x.data.length).toBe(SIZE);
  await session.run({ x }, ["v40"], { transfer: [(x.data as Float32Array).buffer as ArrayBuffer] });
  expect(x.data.length).toBe(0);
});

test("an abort ends the wait at once and takes waiting runs out of the queue; the session goes on", async () => {
  await using session = await opened();
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const runs = [1, 2].map((value) => session.run({ x: rows(400, value) }, ["v40"], { signal }));
  const settled = Promise.allSettled(runs);
  expect(session.load).toBe(2);
  interrupt.abort();
  for (const result of await settled) expect(result).toMatchObject({ reason: { code: "INTERRUPTED" } });
  // The first run goes on in its thread: nobody waited for it.
  expect(session.load).toBe(1);
  const after = await session.run({ x: rows(1, 7) }, ["v40"]);
  expect(first(after.v40)).toBeCloseTo(7, 3);
  await expect(session.run({ x: rows(1, 1) }, ["v40"], { signal })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
});

test("a run that onnxruntime refuses is MODEL_RUN with its reason", async () => {
  await using session = await opened();
  const x: Tensor = { dataType: "float32", shape: [1, 3], data: new Float32Array(3) };
  await expect(session.run({ x }, ["v40"])).rejects.toMatchObject({
    code: "MODEL_RUN",
    message: expect.stringMatching(/Got: 3 Expected: 900/),
  });
  await session.run({ x: rows(1, 1) }, ["v40"]);
});

test("a file that is no model is MODEL_BROKEN", async () => {
  await writeFile(join(folder, "broken.onnx"), "not a model");
  await using session = new Session();
  await expect(session.open(join(folder, "broken.onnx"), { threads: 1 })).rejects.toMatchObject({
    code: "MODEL_BROKEN",
  });
});

test("what waits when the session is closed fails, and so does what comes after", async () => {
  const session = await opened();
  const runs = Promise.allSettled([1, 2].map((value) => session.run({ x: rows(64, value) }, ["v40"])));
  await session.close();
  for (const result of await runs) expect(result).toMatchObject({ reason: { code: "MODEL_RUN" } });
  await expect(session.run({ x: rows(1, 1) }, ["v40"])).rejects.toMatchObject({ code: "MODEL_RUN" });
});

test("a session may be closed at any moment: while the library loads, while it opens, while it runs", async () => {
  const program = `
    import { Session } from ${JSON.stringify(new URL("../../dist/session/session.js", import.meta.url).href)};
    const x = { dataType: "float32", shape: [64, ${SIZE}], data: new Float32Array(64 * ${SIZE}) };
    const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    for (let step = 0; step < 12; step++) {
      const loading = new Session();
      await later(step * 10);
      await loading.close();
      const opening = new Session();
      const opened = opening.open(${JSON.stringify(join(folder, MODEL_FILE))}, { threads: 1 }).catch(() => {});
      await later(step * 12);
      await opening.close();
      await opened;
      const running = new Session();
      await running.open(${JSON.stringify(join(folder, MODEL_FILE))}, { threads: 1 });
      void running.run({ x }, ["v40"]).catch(() => {});
      await later(step * 3);
      await running.close();
    }
    console.log("whole");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toBe("whole\n");
});

test("onnxruntime keeps nothing in the user's home and sends nothing: its telemetry stays off", async () => {
  const home = join(folder, "home");
  await mkdir(home);
  const program = `
    import { Session } from ${JSON.stringify(new URL("../../dist/session/session.js", import.meta.url).href)};
    const session = new Session();
    await session.open(${JSON.stringify(join(folder, MODEL_FILE))}, { threads: 1 });
    await session.close();`;
  // Neither of the variables that would silence it by themselves.
  const { CI: _, ORT_DISABLE_TELEMETRY: __, XDG_CACHE_HOME: ___, ...env } = process.env;
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...env, HOME: home, LOCALAPPDATA: home },
  });
  expect(await readdir(home)).toEqual([]);
});
