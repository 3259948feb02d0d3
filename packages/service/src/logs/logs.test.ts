import { appendFile, mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logsOperations } from "../api/operations/logs.ts";
import { logFile, PROCESSING_JOBS_GROUP } from "./job-logs.ts";
import { Logs } from "./logs.ts";
import { UNSPLIT } from "./output-events.ts";

const STREAM = "birds/algo-1-1700000000000";
let folder: string;
let logs: Logs;
let clock: number;
const problems: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-logs-"));
  clock = Date.now();
  problems.length = 0;
  logs = await reopen();
});
afterEach(async () => {
  await logs[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
  expect(problems).toEqual([]);
});

const reopen = () =>
  Logs.open(folder, { now: () => Math.max(clock, Date.now()), onProblem: (error) => problems.push(error) });

const CALL = {
  identity: { kind: "owner" },
  region: "us-east-1",
  accountId: "123456789012",
  requestId: "r",
  now: new Date(),
} as const;

interface Page {
  readonly events: readonly {
    timestamp: number;
    message: string;
    ingestionTime: number;
    logStreamName?: string;
  }[];
  readonly nextForwardToken: string;
  readonly nextBackwardToken: string;
  readonly nextToken?: string;
}

async function call(operation: string, input: object): Promise<unknown> {
  const operations = logsOperations({ logs });
  return await operations.get(`Logs_20140328.${operation}`)!(input as Record<string, unknown>, CALL);
}
const get = (input: object = {}) =>
  call("GetLogEvents", {
    logGroupName: PROCESSING_JOBS_GROUP,
    logStreamName: STREAM,
    ...input,
  }) as Promise<Page>;
const filter = (input: object = {}) =>
  call("FilterLogEvents", { logGroupName: PROCESSING_JOBS_GROUP, ...input }) as Promise<Page>;
const print = (bytes: string | Uint8Array, stream = STREAM) => appendFile(logFile(folder, stream), bytes);

async function walk(limit: number, startFromHead: boolean): Promise<string[]> {
  const found: string[] = [];
  let page = await get({ limit, startFromHead });
  for (;;) {
    const messages = page.events.map(({ message }) => message);
    if (startFromHead) found.push(...messages);
    else found.unshift(...messages);
    const nextToken = startFromHead ? page.nextForwardToken : page.nextBackwardToken;
    const next = await get({ limit, nextToken });
    if (next.events.length === 0) {
      expect(startFromHead ? next.nextForwardToken : next.nextBackwardToken).toBe(nextToken);
      return found;
    }
    page = next;
  }
}

/** Pieces of output: ordinary lines, empty ones, carriage returns, bytes that are not UTF-8. */
const piece = fc.oneof(
  fc.string({ maxLength: 40 }).map((text) => Buffer.from(`${text.replaceAll("\n", "")}\n`)),
  fc.constant(Buffer.from("\n")),
  fc.constant(Buffer.from("10%\r20%\r\n")),
  fc.constant(Buffer.from([0xff, 0xc3, 0x28, 10])),
  fc.constant(Buffer.from("grüße 🐦\n")),
);

describe("GetLogEvents", () => {
  test("walks of any page size, from either end, give exactly the lines of the file", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.string({ maxLength: 5 }).map((text) => text.replaceAll("\n", "")),
        fc.integer({ min: 1, max: 20 }),
        async (pieces, rest, limit) => {
          await logs.follow(STREAM);
          await truncateLog();
          const output = Buffer.concat([...pieces, Buffer.from(rest)]);
          await print(output);
          await logs.end(STREAM);
          const lines = output.toString().split("\n");
          if (lines.at(-1) === "") lines.pop();
          expect(await walk(limit, true)).toEqual(lines);
          expect(await walk(limit, false)).toEqual(lines);
          await logs.removeEndedBefore(Number.MAX_SAFE_INTEGER);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("long lines are split, never cut, between characters, the same from both ends", async () => {
    await logs.follow(STREAM);
    const lengths = [UNSPLIT - 1, UNSPLIT, UNSPLIT + 1, 2 * UNSPLIT, 5 * UNSPLIT + 7, 3];
    const output = lengths
      .map((length) => `${"é🐦x".repeat(Math.ceil(length / 7)).slice(0, length)}\n`)
      .join("");
    await print(`short\n${output}`);
    await logs.end(STREAM);
    const forward = await walk(3, true);
    expect(forward.join("")).toBe(`short${output.replaceAll("\n", "")}`);
    expect(forward).not.toContain("");
    expect(Math.max(...forward.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(262_144 - 26);
    expect(await walk(2, false)).toEqual(forward);
  });

  test("lines up to the split length stay whole wherever they lie", async () => {
    await logs.follow(STREAM);
    const lines = [UNSPLIT - 5, 10, UNSPLIT, 1, UNSPLIT - 1, UNSPLIT, UNSPLIT].map((length) =>
      "y".repeat(length),
    );
    await print(`${lines.join("\n")}\n`);
    await logs.end(STREAM);
    expect(await walk(2, true)).toEqual(lines);
    expect(await walk(1, false)).toEqual(lines);
  });

  test("shows a line as soon as it is printed, an unfinished one when the program is gone", async () => {
    await logs.follow(STREAM);
    await print("one\ntw");
    const first = await get({ startFromHead: true });
    expect(first.events.map(({ message }) => message)).toEqual(["one"]);
    await print("o\nthree");
    const second = await get({ nextToken: first.nextForwardToken });
    expect(second.events.map(({ message }) => message)).toEqual(["two"]);
    await logs.end(STREAM);
    const third = await get({ nextToken: second.nextForwardToken });
    expect(third.events.map(({ message }) => message)).toEqual(["three"]);
  });

  test("times are those of printing, kept over a restart, and bound what is asked for", async () => {
    await logs.follow(STREAM);
    await print("early\n");
    const before = (await get()).events[0]!.timestamp;
    expect(before).toBeGreaterThanOrEqual(clock);
    expect(before).toBeLessThanOrEqual(Date.now());
    await logs[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await print("late\n");
    logs = await reopen();
    const events = (await get({ startFromHead: true })).events;
    expect(events[0]!.timestamp).toBe(before);
    const late = events[1]!.timestamp;
    expect(late).toBeGreaterThan(before);
    const within = async (input: object) =>
      (await get({ startFromHead: true, ...input })).events.map((e) => e.message);
    expect(await within({ startTime: late })).toEqual(["late"]);
    expect(await within({ endTime: late })).toEqual(["early"]);
    expect(await within({ startTime: before, endTime: late + 1 })).toEqual(["early", "late"]);
    expect(await within({ startTime: late + 1 })).toEqual([]);
  });

  test("a page holds at most 1 MiB", async () => {
    await logs.follow(STREAM);
    await print(`${"z".repeat(100_000)}\n`.repeat(30));
    const page = await get({ startFromHead: true });
    expect(page.events).toHaveLength(10);
    expect((await get()).events).toHaveLength(10);
  });

  test("refuses invented tokens, unknown groups and streams", async () => {
    await expect(get()).rejects.toMatchObject({ code: "LOG_GROUP_NOT_FOUND" });
    await logs.follow(STREAM);
    await expect(get({ nextToken: "nonsense" })).rejects.toMatchObject({ code: "LOG_PARAMETER" });
    await expect(get({ logStreamName: "other" })).rejects.toMatchObject({ code: "LOG_STREAM_NOT_FOUND" });
    await print("ab\ncd\n");
    const inside = await get({ nextToken: `f/${"1".padStart(17, "0")}${"0".repeat(17)}` });
    expect(inside.events.map(({ message }) => message)).toEqual(["cd"]);
  });

  test("a program that truncates its own output harms nobody", async () => {
    await logs.follow(STREAM);
    await print("a\nb\nc\n");
    const page = await get({ startFromHead: true });
    await truncateLog();
    expect((await get({ nextToken: page.nextForwardToken })).events).toEqual([]);
    await print("d\n");
    expect((await get({ startFromHead: true })).events.map(({ message }) => message)).toEqual(["d"]);
  });
});

const truncateLog = () => truncate(logFile(folder, STREAM), 0);

describe("PutLogEvents", () => {
  const put = (logEvents: object[], logStreamName = "s") =>
    call("PutLogEvents", { logGroupName: "g", logStreamName, logEvents });

  beforeEach(async () => {
    await call("CreateLogGroup", { logGroupName: "g" });
    await call("CreateLogStream", { logGroupName: "g", logStreamName: "s" });
  });

  test("events come back by their time, whatever the order of the calls", async () => {
    await put([{ timestamp: clock, message: "c\nd" }]);
    await put([
      { timestamp: clock - 10, message: "a" },
      { timestamp: clock, message: "e" },
    ]);
    const page = (await call("GetLogEvents", { logGroupName: "g", logStreamName: "s" })) as Page;
    expect(page.events.map(({ message }) => message)).toEqual(["a", "c\nd", "e"]);
    expect(await call("DescribeLogStreams", { logGroupName: "g" })).toMatchObject({
      logStreams: [{ logStreamName: "s", firstEventTimestamp: clock - 10, lastEventTimestamp: clock }],
    });
  });

  test("what is too old or too new is left out and reported; disorder and size are refused", async () => {
    const day = 86_400_000;
    expect(await put([{ timestamp: clock - 15 * day, message: "old" }])).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 },
    });
    expect(
      await put([
        { timestamp: clock, message: "ok" },
        { timestamp: clock + 0.5 * day, message: "new" },
      ]),
    ).toMatchObject({ rejectedLogEventsInfo: { tooNewLogEventStartIndex: 1 } });
    const disordered = [
      { timestamp: clock, message: "b" },
      { timestamp: clock - 1, message: "a" },
    ];
    await expect(put(disordered)).rejects.toThrow("chronological order");
    await expect(put([{ timestamp: clock, message: "x".repeat(262_144) }])).rejects.toThrow(
      "Log event too large",
    );
  });

  test("groups and streams exist once; a job's stream takes nothing", async () => {
    await expect(call("CreateLogGroup", { logGroupName: "g" })).rejects.toMatchObject({ code: "LOG_EXISTS" });
    await expect(call("CreateLogStream", { logGroupName: "g", logStreamName: "s" })).rejects.toMatchObject({
      code: "LOG_EXISTS",
    });
    await logs.follow(STREAM);
    const input = {
      logGroupName: PROCESSING_JOBS_GROUP,
      logStreamName: STREAM,
      logEvents: [{ timestamp: clock, message: "x" }],
    };
    await expect(call("PutLogEvents", input)).rejects.toMatchObject({ code: "LOG_PARAMETER" });
  });
});

describe("FilterLogEvents", () => {
  test("interleaves streams by time, page by page, each event once", async () => {
    await call("CreateLogGroup", { logGroupName: "g" });
    const expected: string[] = [];
    for (const name of ["a", "b", "c"])
      await call("CreateLogStream", { logGroupName: "g", logStreamName: name });
    for (let index = 0; index < 30; index++) {
      const logStreamName = ["a", "b", "c"][index % 3]!;
      const timestamp = clock - 1000 + Math.floor(index / 3);
      await call("PutLogEvents", {
        logGroupName: "g",
        logStreamName,
        logEvents: [{ timestamp, message: `m${index}` }],
      });
      expected.push(`m${index}`);
    }
    for (const limit of [1, 2, 7, 100]) {
      const found: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await filter({ logGroupName: "g", limit, ...(nextToken && { nextToken }) });
        found.push(...page.events.map(({ message }) => message));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      expect(found).toEqual(expected);
    }
    const some = await filter({
      logGroupName: "g",
      logStreamNames: ["a", "c"],
      startTime: clock - 1000,
      endTime: clock - 999,
    });
    expect(some.events.map(({ logStreamName }) => logStreamName)).toEqual(["a", "c"]);
    await expect(filter({ logGroupName: "g", logStreamNames: ["x"] })).rejects.toMatchObject({
      code: "LOG_STREAM_NOT_FOUND",
    });
  });

  test("finds by prefix and pattern in programs' output", async () => {
    await logs.follow(STREAM);
    await logs.follow("other/algo-1-1");
    await print("epoch 1\nERROR disk\n");
    await print("ERROR other\n", "other/algo-1-1");
    const page = await filter({ logStreamNamePrefix: "birds/", filterPattern: "ERROR" });
    expect(page.events.map(({ message }) => message)).toEqual(["ERROR disk"]);
  });
});

describe("streams", () => {
  test("are listed by prefix, by time, page by page", async () => {
    const names = ["a-b/algo-1-1", "a/algo-1-1", "a/algo-2-1", "b/algo-1-1"];
    for (const name of names) {
      await logs.follow(name);
      await print("x\n", name);
      await call("DescribeLogStreams", { logGroupName: PROCESSING_JOBS_GROUP });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const list = async (input: object) => {
      const found: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = (await call("DescribeLogStreams", {
          logGroupName: PROCESSING_JOBS_GROUP,
          limit: 1,
          ...input,
          ...(nextToken && { nextToken }),
        })) as { logStreams: { logStreamName: string }[]; nextToken?: string };
        found.push(...page.logStreams.map(({ logStreamName }) => logStreamName));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return found;
    };
    expect(await list({})).toEqual(names);
    expect(await list({ descending: true })).toEqual(names.toReversed());
    expect(await list({ logStreamNamePrefix: "a/" })).toEqual(["a/algo-1-1", "a/algo-2-1"]);
    expect(await list({ orderBy: "LastEventTime", descending: true })).toEqual(names.toReversed());
    await expect(list({ orderBy: "LastEventTime", logStreamNamePrefix: "a" })).rejects.toThrow(
      "Cannot order by",
    );
  });

  test("removal takes ended streams with their files, and leaves the others", async () => {
    await logs.follow(STREAM);
    await logs.follow("running/algo-1-1");
    await print("x\n");
    await logs.end(STREAM);
    expect(await logs.removeEndedBefore(clock - 1000)).toBe(0);
    expect(await call("DescribeLogGroups", {})).toMatchObject({
      logGroups: [{ logGroupName: PROCESSING_JOBS_GROUP, storedBytes: 2 }],
    });
    expect(await logs.removeEndedBefore(Date.now() + 1000)).toBe(1);
    expect(await readdir(join(folder, encodeURIComponent(PROCESSING_JOBS_GROUP)))).toEqual(["running"]);
    await expect(get()).rejects.toMatchObject({ code: "LOG_STREAM_NOT_FOUND" });
    expect(await call("DescribeLogGroups", {})).toMatchObject({ logGroups: [{ storedBytes: 0 }] });
  });

  test("the last useful lines leave out blanks and what a carriage return overwrote", async () => {
    await logs.follow(STREAM);
    expect(await logs.lastLines(STREAM, { count: 3, maxBytes: 100 })).toEqual([]);
    await print("a\n\n  \nb\n10%\r50%\r100%\nTraceback: grüße");
    expect(await logs.lastLines(STREAM, { count: 3, maxBytes: 100 })).toEqual([
      "b",
      "100%",
      "Traceback: grüße",
    ]);
    expect(await logs.lastLines(STREAM, { count: 3, maxBytes: 4 })).toEqual(["ße"]);
    expect(await logs.lastLines("never/made", { count: 3, maxBytes: 4 })).toEqual([]);
  });
});
