import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openSqliteJobStore } from "../store/sqlite/sqlite-job-store.ts";
import { JobLife } from "./job-life.ts";
import { job } from "./jobs.test.kit.ts";

let folder: string;
let store: ReturnType<typeof openSqliteJobStore>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-job-life-"));
  store = openSqliteJobStore(join(folder, "jobs.sqlite"), { random: () => 0 });
});
afterEach(async () => {
  vi.useRealTimers();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function life(): Promise<JobLife> {
  await store.insert(job("noted", { runs: 0, exitCode: 0 }));
  const record = await store.claim({ owner: "me", now: 1, until: 1e15 }, 4);
  if (record === null) throw new Error("the job waits in the queue");
  return new JobLife(record, { store, owner: "me", now: () => Date.now() });
}

const notesOf = async (one: JobLife) =>
  (await store.transitions((await one.recorded()).id)).flatMap(({ note }) => note ?? []);

test("the first line of progress is recorded at once, then the last of every quarter of a second", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const one = await life();
  using notes = one.notes();
  for (const line of ["a", "b", "c"]) notes.note(line);
  expect(await notesOf(one)).toEqual(["a"]);
  vi.advanceTimersByTime(250);
  expect(await notesOf(one)).toEqual(["a", "c"]);
  vi.advanceTimersByTime(1_000);
  notes.note("d");
  expect(await notesOf(one)).toEqual(["a", "c", "d"]);
});

test("at its end the last line is recorded without a wait, and nothing after it", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const one = await life();
  {
    using notes = one.notes();
    for (const line of ["a", "b", "c"]) notes.note(line);
  }
  expect(await notesOf(one)).toEqual(["a", "c"]);
  vi.advanceTimersByTime(1_000);
  expect(await notesOf(one)).toEqual(["a", "c"]);
});
