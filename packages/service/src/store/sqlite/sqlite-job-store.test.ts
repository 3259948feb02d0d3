import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";

import { anyJob, jobStoreContract } from "../job-store-contract.ts";
import { MIGRATIONS } from "../migrations/migrations.ts";
import { listJobs } from "./list-jobs.ts";
import { openSqliteJobStore } from "./sqlite-job-store.ts";

let folder = "";
let files = 0;
const random = (limit: number) => Math.floor(Math.random() * limit);
const newFile = () => join(folder, `${files++}.sqlite`);
const open = async (file = newFile()) => openSqliteJobStore(file, { random });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-store-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

jobStoreContract("SQLite", open);

test("what was recorded is there after the store was closed and opened, and ids go on", async () => {
  const file = newFile();
  const first = await open(file);
  const { id } = await first.insert(anyJob("a", { createdAt: 9_000 }));
  await first[Symbol.asyncDispose]();
  await using second = await open(file);
  expect(await second.get("a")).toMatchObject({ id, name: "a" });
  expect((await second.insert(anyJob("b", { createdAt: 1_000 }))).id > id).toBe(true);
});

test("a write that was asked for before the store is closed is committed", async () => {
  const file = newFile();
  const first = await open(file);
  const insert = first.insert(anyJob("a"));
  await first[Symbol.asyncDispose]();
  await insert;
  await using second = await open(file);
  expect(await second.get("a")).not.toBeNull();
});

test("a store that a newer version wrote is refused, and a file that is no store too", async () => {
  const file = newFile();
  await (await open(file))[Symbol.asyncDispose]();
  const database = new Database(file);
  database.exec(`pragma user_version = ${MIGRATIONS.length + 1}`);
  database.close();
  await expect(open(file)).rejects.toMatchObject({ code: "STORE_TOO_NEW" });
});

test("every page is found in the order of an index that holds all that is compared", async () => {
  const file = newFile();
  await (await open(file))[Symbol.asyncDispose]();
  const database = new Database(file);
  for (const sortBy of ["CreationTime", "Name", "Status"] as const) {
    for (const sortOrder of ["Ascending", "Descending"] as const) {
      for (const status of [undefined, "Completed"] as const) {
        const bounds = { nameContains: "a", createdAfter: 1, modifiedBefore: 9 };
        const { sql, parameters } = listJobs({ sortBy, sortOrder, limit: 10, status, ...bounds });
        const inner = sql.slice(sql.indexOf("in (") + 4, sql.lastIndexOf(") order by"));
        const plan = database.prepare(`explain query plan ${inner}`).all(parameters) as { detail: string }[];
        const steps = plan.map(({ detail }) => detail).join("; ");
        expect(steps, `${sortBy} ${sortOrder} ${status}`).toMatch(
          /^(SCAN|SEARCH) processing_job USING COVERING INDEX [^;]*$/,
        );
      }
    }
  }
  database.close();
});
