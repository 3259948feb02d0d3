/**
 * The folder store alone, without HTTP: small durable puts, a large body in and out, pages of a large bucket.
 *
 *   node bench/object-store.mjs [--folder DIR] [--puts 5000] [--writers 16] [--keys 100000] [--bytes 2147483648]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FolderStore } from "@fieldmark/object-store";

const { values } = parseArgs({
  options: {
    folder: { type: "string", default: tmpdir() },
    puts: { type: "string", default: "5000" },
    writers: { type: "string", default: "16" },
    keys: { type: "string", default: "100000" },
    bytes: { type: "string", default: String(2 ** 31) },
  },
});
const puts = Number(values.puts);
const writers = Number(values.writers);
const keys = Number(values.keys);
const bytes = Number(values.bytes);
const CHUNK = Buffer.alloc(64 << 10, 7);

async function* body(size) {
  for (let sent = 0; sent < size; sent += CHUNK.length)
    yield CHUNK.subarray(0, Math.min(CHUNK.length, size - sent));
}

const seconds = async (action) => {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
};

const peak = { rss: 0 };
const watch = setInterval(() => {
  peak.rss = Math.max(peak.rss, process.memoryUsage().rss);
}, 50);

/** `count` objects by `writers` at once; milliseconds of each. */
async function putAll(store, count, name) {
  const times = [];
  let next = 0;
  const write = async () => {
    for (let i = next++; i < count; i = next++) {
      const start = performance.now();
      await store.put({ bucket: "bench", key: name(i) }, body(4096), { contentType: "text/plain" });
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return times.sort((a, b) => a - b);
}

const root = await mkdtemp(join(values.folder, "fieldmark-bench-"));
try {
  const store = await FolderStore.open(root);
  await store.createBucket("bench");
  let times = [];
  const fresh = await seconds(async () => {
    times = await putAll(store, puts, (i) => `fresh/${i}`);
  });
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  console.log(
    `put 4 KiB, new keys, ${writers} writers: ${(puts / fresh).toFixed(0)}/s, p99 ${p99.toFixed(1)} ms`,
  );
  const over = await seconds(() => putAll(store, puts, (i) => `fresh/${i}`));
  console.log(`put 4 KiB, overwriting: ${(puts / over).toFixed(0)}/s`);
  const removed = await seconds(async () => {
    let next = 0;
    const remove = async () => {
      for (let i = next++; i < puts; i = next++) await store.delete({ bucket: "bench", key: `fresh/${i}` });
    };
    await Promise.all(Array.from({ length: writers }, remove));
  });
  console.log(`delete: ${(puts / removed).toFixed(0)}/s`);

  const before = process.memoryUsage().rss;
  peak.rss = 0;
  const written = await seconds(() => store.put({ bucket: "bench", key: "large" }, body(bytes)));
  const read = await seconds(async () => {
    for await (const _ of await store.get({ bucket: "bench", key: "large" }));
  });
  const rate = (time) => `${(bytes / time / 1e6).toFixed(0)} MB/s`;
  const grown = ((peak.rss - before) / 1e6).toFixed(0);
  console.log(`put ${bytes} bytes: ${rate(written)}, get: ${rate(read)}; memory grew by ${grown} MB`);
  await store.delete({ bucket: "bench", key: "large" });

  await putAll(store, keys, (i) => `flat/${(i * 7919) % keys}`);
  let pages = 0;
  let listed = 0;
  const listing = await seconds(async () => {
    for (let after = ""; after !== null; pages++) {
      const page = await store.listPage("bench", { prefix: "flat/", startAfter: after });
      listed += page.objects.length;
      after = page.next;
    }
  });
  console.log(
    `list ${listed} keys in one folder: ${pages} pages, ${((listing * 1000) / pages).toFixed(1)} ms a page`,
  );
  await store.close();
} finally {
  clearInterval(watch);
  await rm(root, { recursive: true, force: true });
}
