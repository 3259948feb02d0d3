import { CompiledQuery } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";

import { CommitGroups } from "./commit-groups.ts";
import { Connection } from "./connection.ts";

let connection: Connection;
let groups: CommitGroups;
const values = () =>
  connection.all<{ n: number }>(CompiledQuery.raw("select n from t order by n")).map(({ n }) => n);
const insert = (n: number) => () => connection.all(CompiledQuery.raw("insert into t values (?)", [n]));

beforeEach(() => {
  connection = new Connection(":memory:");
  connection.exec("create table t (n integer primary key)");
  groups = new CommitGroups(connection);
});
afterEach(() => connection[Symbol.dispose]());

test("nothing is written before the turn ends, and all that was asked for in it is", async () => {
  const writes = [groups.write(insert(1)), groups.write(insert(2))];
  expect(values()).toEqual([]);
  await Promise.all(writes);
  expect(values()).toEqual([1, 2]);
});

test("a member that fails is taken back whole, and the others stay", async () => {
  const broken = groups.write(() => {
    insert(2)();
    throw new Error("after a write");
  });
  const whole = [groups.write(insert(1)), groups.write(insert(3))];
  await expect(broken).rejects.toThrow("after a write");
  await Promise.all(whole);
  expect(values()).toEqual([1, 3]);
  await expect(groups.write(insert(1))).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
  await groups.write(insert(4));
  expect(values()).toEqual([1, 3, 4]);
});

test("when the commit itself fails every member fails, and the next group works", async () => {
  connection.exec(
    "create table parent (n integer primary key); create table child (n references parent deferrable initially deferred)",
  );
  const orphan = groups.write(() => connection.all(CompiledQuery.raw("insert into child values (7)")));
  const other = groups.write(insert(1));
  await expect(orphan).rejects.toMatchObject({ code: expect.stringContaining("SQLITE_CONSTRAINT") });
  await expect(other).rejects.toMatchObject({ code: expect.stringContaining("SQLITE_CONSTRAINT") });
  await groups.write(insert(2));
  expect(values()).toEqual([2]);
});

test("on a full disk every member fails and says so, and the next group works when there is space again", async () => {
  connection.exec("create table large (bytes blob); pragma max_page_count = 8");
  const large = groups.write(() =>
    connection.all(CompiledQuery.raw("insert into large values (zeroblob(100000))")),
  );
  const other = groups.write(insert(1));
  await expect(large).rejects.toMatchObject({ code: "DISK", message: expect.stringContaining("full") });
  await expect(other).rejects.toMatchObject({ code: "DISK" });
  expect(values()).toEqual([]);
  connection.exec("pragma max_page_count = 1000");
  await groups.write(insert(2));
  expect(values()).toEqual([2]);
});
