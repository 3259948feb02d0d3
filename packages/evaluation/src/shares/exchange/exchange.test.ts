import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failure } from "../../predictions/made-predictions.test.support.ts";
import type { Patience } from "./exchange.ts";
import { ShareLeader } from "./share-leader.ts";
import { ShareWorker } from "./share-worker.ts";

const HOSTS = ["127.0.0.1", "algo-2", "algo-3"];
/** A busy machine may take its time; what must be lost is lost by its connection, not by this clock. */
const PATIENCE: Patience = { beat: 50, silence: 60_000, return: 3_000, first: 60_000 };

let folder: string;
let leader: ShareLeader;
const workers: ShareWorker[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-exchange-"));
  leader = await listen(PATIENCE);
});

afterEach(async () => {
  for (const one of workers.splice(0)) await one[Symbol.asyncDispose]();
  await leader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = (number: number) => join(folder, `received/${number}`);

async function listen(patience: Patience, hosts = HOSTS): Promise<ShareLeader> {
  const found = await ShareLeader.listen({ hosts, key: "k", port: 0, patience, fileOf });
  if (typeof found === "string") throw new Error(found);
  return found;
}

function joined(
  number: number,
  more: { port?: number; key?: string; patience?: Patience; leader?: string; signal?: AbortSignal } = {},
) {
  const worker = new ShareWorker({
    ...{ leader: "127.0.0.1", port: leader.port, key: "k", number, patience: PATIENCE },
    ...more,
  });
  workers.push(worker);
  return worker;
}

/** A share of some megabytes, so that it goes over the line in many pieces. */
async function share(number: number): Promise<string> {
  const path = join(folder, `share-${number}`);
  await writeFile(path, Buffer.alloc(3_000_000, `share ${number} `));
  return path;
}

test("every worker's share arrives whole, pictures are asked for, and all hear of the report", async () => {
  const delivered = [2, 3].map(async (number) => {
    const worker = joined(number);
    worker.thumbnail = async (name) => (name === "none.jpg" ? null : Buffer.from(`${number}:${name}`));
    return await worker.deliver(await share(number));
  });
  expect(leader.waitingFor).toEqual(["algo-2", "algo-3"]);
  await leader.gather();
  expect(leader.waitingFor).toEqual([]);
  for (const number of [2, 3])
    expect((await readFile(fileOf(number))).equals(await readFile(await share(number)))).toBe(true);
  const pictures = await Promise.all([
    leader.thumbnail(3, "a.jpg"),
    leader.thumbnail(2, "b.jpg"),
    leader.thumbnail(2, "none.jpg"),
    leader.thumbnail(9, "a.jpg"),
  ]);
  expect(pictures.map((one) => (one === null ? null : Buffer.from(one).toString()))).toEqual([
    "3:a.jpg",
    "2:b.jpg",
    null,
    null,
  ]);
  leader.finish({ kind: "merged" });
  expect(await Promise.all(delivered)).toEqual([{ kind: "merged" }, { kind: "merged" }]);
});

test("a worker whose connection ends is lost, and named with how far it was", async () => {
  const [two, three] = [joined(2), joined(3)];
  two.progress = { done: 20, total: 56 };
  const delivered = three.deliver(await share(3));
  await seen(() => leader.explain(null) === null && leader.waitingFor.length === 1);
  await reported("20");
  const gathering = failure(leader.gather());
  await two[Symbol.asyncDispose]();
  const error = await gathering;
  expect(error.code).toBe("SHARE_LOST");
  expect(error.message).toBe("share 2/3 of algo-2 is lost: its connection ended after 20 of 56 pictures");
  leader.finish({ kind: "abandoned", reason: error.message });
  expect(await delivered).toEqual({ kind: "kept", reason: error.message });
});

/** Waits for a word of the leader's about the second worker: only then its progress is known there. */
async function reported(word: string): Promise<void> {
  await seen(() => leader.stateOf(2).includes(word));
}

async function seen(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a worker that is stopped while it waits has done its work", async () => {
  const stop = new AbortController();
  const delivered = joined(2, { signal: stop.signal }).deliver(await share(2));
  await seen(() => leader.waitingFor.length === 1);
  stop.abort();
  expect(await delivered).toEqual({
    kind: "kept",
    reason: "stopped before 127.0.0.1 had made the report",
  });
});

test("what fails on the leader is explained by the worker that is gone", async () => {
  const two = joined(2);
  await seen(() => leader.stateOf(2).includes("ended"));
  const stopped = new Error("stopped");
  expect(leader.explain(stopped)).toBe(stopped);
  await two[Symbol.asyncDispose]();
  await seen(() => leader.explain(stopped) !== stopped);
  expect(leader.explain(stopped)).toMatchObject({ code: "SHARE_LOST", cause: stopped });
});

test("a worker that breaks off and comes back is not lost", async () => {
  const sockets = new Set<Socket>();
  const { port } = leader;
  const proxy = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    for (const one of [from, to]) sockets.add(one.on("error", () => {}));
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const two = joined(2, { port: typeof address === "object" ? (address?.port ?? 0) : 0 });
  const three = joined(3);
  await seen(() => leader.stateOf(2).includes("ended"));
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  const delivered = [two.deliver(await share(2)), three.deliver(await share(3))];
  await leader.gather();
  leader.finish({ kind: "merged" });
  expect(await Promise.all(delivered)).toEqual([{ kind: "merged" }, { kind: "merged" }]);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});

test("a worker that never reports is lost when its time is over; so is a leader that never listens", async () => {
  const impatient = { ...PATIENCE, first: 100 };
  await using alone = await listen(impatient, ["127.0.0.1", "algo-2"]);
  const error = await failure(alone.gather());
  expect(error.message).toBe("share 2/2 of algo-2 is lost: it never reported");
  const nobody = joined(2, { port: 1, patience: impatient });
  expect(await nobody.deliver(await share(2))).toMatchObject({
    kind: "kept",
    reason: expect.stringContaining("127.0.0.1 cannot be reached"),
  });
  const nameless = joined(2, { leader: "no-such-host.invalid", patience: impatient });
  expect(await nameless.deliver(await share(2))).toMatchObject({ kind: "kept" });
});

test("an instance without an address of its name cannot lead", async () => {
  const hosts = ["no-such-host.invalid", "algo-2"];
  expect(await ShareLeader.listen({ hosts, key: "k", port: 0, fileOf })).toMatch(
    /no-such-host\.invalid cannot listen for the other instances/,
  );
});

/** One request of an own making. @returns its status */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sending = request({ host: "127.0.0.1", port: leader.port, method, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sending.on("error", reject).end(body);
  });
}

test.each([
  ["of another job", "PUT", "/shares/2/file", { authorization: "Fieldmark x" }, 403],
  ["without a key", "GET", "/shares/2", {}, 403],
  ["for the leader's own share", "PUT", "/shares/1/file", { authorization: "Fieldmark k" }, 404],
  ["for a share outside the job", "GET", "/shares/4", { authorization: "Fieldmark k" }, 404],
  ["for a path", "GET", "/shares/../2", { authorization: "Fieldmark k" }, 404],
  ["that is none of ours", "DELETE", "/shares/2", { authorization: "Fieldmark k" }, 405],
  [
    "whose digest is another",
    "PUT",
    "/shares/2/file",
    { authorization: "Fieldmark k", "content-digest": "sha-256=:x:" },
    400,
  ],
  ["with a broken progress", "PUT", "/shares/2/progress", { authorization: "Fieldmark k" }, 500],
])("a request %s leaves nothing", async (_, method, path, headers, status) => {
  expect(await ask(method, path, headers, "words")).toBe(status);
  expect(leader.waitingFor).toEqual(["algo-2", "algo-3"]);
  await expect(readFile(fileOf(2))).rejects.toThrow("ENOENT");
});
