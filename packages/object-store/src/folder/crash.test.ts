import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { FolderStore } from "./folder-store.ts";

/** Kills in one run of the tests; FIELDMARK_KILLS asks for more. */
const KILLS = Number(process.env.FIELDMARK_KILLS ?? 60);
const BUCKET = "crash";
const STORE = new URL("../../dist/folder/folder-store.js", import.meta.url).href;

/**
 * Puts, uploads, overwrites, tags and deletes for ever on keys that hinder each other, three at once, saying what it
 * begins and what was acknowledged. A body repeats the change's number, which is in its metadata too.
 */
const WORKER = `
  const [store, root, first] = process.argv.slice(1);
  const { FolderStore } = await import(store);
  const opened = await FolderStore.open(root);
  let id = Number(first);
  const say = (line) => new Promise((done) => process.stdout.write(JSON.stringify(line) + "\\n", done));
  const keys = ["a", "a/b", "a/b/c", "d/", "d"];
  const put = async (ref, change) => {
    const body = Buffer.alloc(Math.random() < 0.1 ? 300_000 : 50, change.id + ".");
    const attributes = { userMetadata: { id: String(change.id) } };
    if (!change.upload) return await opened.put(ref, [body], { attributes });
    const upload = await opened.uploads.create(ref, { attributes });
    const part = await opened.uploads.putPart(upload, 1, { body: [body], size: body.length });
    await opened.uploads.complete(upload, [part]);
  };
  const work = async (lane) => {
    for (;;) {
      const key = lane + "/" + keys[Math.floor(Math.random() * keys.length)];
      const ref = { bucket: "${BUCKET}", key };
      const chance = Math.random;
      const change = { id: ++id, key, deleted: chance() < 0.2, upload: chance() < 0.2, tagged: chance() < 0.2 };
      await say(change);
      if (change.deleted) await opened.delete(ref);
      else {
        await put(ref, change);
        if (change.tagged) await opened.setTags(ref, [{ key: "id", value: String(change.id) }]);
      }
      await say({ end: change.id });
    }
  };
  await Promise.all([0, 1, 2].map(work));
`;

interface Change {
  readonly id: number;
  readonly key: string;
  readonly deleted: boolean;
  readonly tagged: boolean;
}

/** Of one key: its last acknowledged change, and the one begun after it, if any. */
interface Expected {
  readonly acknowledged: Change | null;
  readonly begun: Change | null;
}

test("what was acknowledged outlives kill -9, and nothing torn is ever seen", {
  timeout: 1_800_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), "fieldmark-crash-"));
  try {
    const store = await FolderStore.open(root);
    await store.createBucket(BUCKET);
    await store.close();
    const expected = new Map<string, Expected>();
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      acknowledged += await runAndKill(
        { root, first: kill * 10_000, lines: 1 + ((kill * 37) % 120) },
        expected,
      );
      await check(root, expected);
    }
    expect(acknowledged).toBeGreaterThan(KILLS);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

/** Runs the worker until it has said `lines` lines, kills it, and notes what it said. Returns the acknowledged changes. */
async function runAndKill(
  { root, first, lines }: { readonly root: string; readonly first: number; readonly lines: number },
  expected: Map<string, Expected>,
): Promise<number> {
  const args = ["--input-type=module", "-e", WORKER, STORE, root, String(first)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const begun = new Map<number, Change>();
  let said = 0;
  let ended = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Change | { readonly end: number };
    if ("end" in message) {
      const change = begun.get(message.end);
      if (change !== undefined) expected.set(change.key, { acknowledged: change, begun: null });
      ended++;
    } else {
      begun.set(message.id, message);
      const before = expected.get(message.key)?.acknowledged ?? null;
      expected.set(message.key, { acknowledged: before, begun: message });
    }
    if (++said === lines) child.kill("SIGKILL");
  }
  const [, signal] = await exited;
  expect(signal).toBe("SIGKILL");
  return ended;
}

/** Opens the store again: every key holds its acknowledged change or the one under way, whole; then that is the truth. */
async function check(root: string, expected: Map<string, Expected>): Promise<void> {
  await using store = await FolderStore.open(root);
  for (const [key, { acknowledged, begun }] of expected) {
    const object = await store.open({ bucket: BUCKET, key });
    const found = object === null ? null : await readChange(object);
    const allowed = [acknowledged, begun].filter((change) => change !== null);
    const match = found === null ? null : allowed.find(({ id, deleted }) => id === found.id && !deleted);
    if (found !== null && match === undefined)
      expect.fail(`${key} holds ${found.id}, expected ${JSON.stringify(allowed)}`);
    if (found === null && acknowledged !== null && !allowed.some(({ deleted }) => deleted)) {
      expect.fail(`${key} is gone, expected ${JSON.stringify(allowed)}`);
    }
    if (match?.tagged && match === acknowledged) expect(found?.tag).toBe(String(match.id));
    const held: Change = match ?? { id: 0, key, deleted: true, tagged: false };
    expected.set(key, { acknowledged: { ...held, tagged: found?.tag !== undefined }, begun: null });
  }
  await store.swept();
  const listed = (await store.list(BUCKET, "")).objects.map(({ key }) => key);
  const held = [...expected.values()].flatMap(({ acknowledged: a }) =>
    a === null || a.deleted ? [] : [a.key],
  );
  expect(listed.toSorted()).toEqual(held.toSorted());
  const sidecars = (await readdir(join(root, "metadata"), { recursive: true })).filter((name) =>
    name.endsWith(".json"),
  );
  expect(sidecars).toHaveLength(held.length);
  expect(await readdir(join(root, "temporary"))).toEqual([]);
}

async function readChange(object: NonNullable<Awaited<ReturnType<FolderStore["open"]>>>) {
  const body = Buffer.concat(await object.read().toArray());
  const id = object.info.attributes.userMetadata?.id ?? "no metadata";
  expect(body.equals(Buffer.alloc(body.length, `${id}.`))).toBe(true);
  const md5 = createHash("md5").update(body).digest();
  const etag =
    object.info.parts.length > 0 ? `${createHash("md5").update(md5).digest("hex")}-1` : md5.toString("hex");
  expect(object.info.etag).toBe(etag);
  return { id: Number(id), tag: object.info.attributes.tags?.[0]?.value };
}
