import { describe, expect, test } from "vitest";
import { type Conditions, checkCopySource, checkRead } from "./conditions.ts";
import { S3Error } from "./s3-errors.ts";

const modified = new Date("2026-03-04T05:06:07.890Z");
const object = { etag: "abc", lastModified: modified };
const NONE: Conditions = {
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  ifUnmodifiedSince: undefined,
};
const at = (seconds: number): string => new Date(modified.getTime() + seconds * 1000).toUTCString();

function outcome(check: typeof checkRead, conditions: Partial<Conditions>): string {
  try {
    check({ ...NONE, ...conditions }, object);
    return "ok";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
}

describe("reads", () => {
  test.each<[Partial<Conditions>, string]>([
    [{}, "ok"],
    [{ ifMatch: '"abc"' }, "ok"],
    [{ ifMatch: "abc" }, "ok"],
    [{ ifMatch: "*" }, "ok"],
    [{ ifMatch: '"x", "abc"' }, "ok"],
    [{ ifMatch: '"x"' }, "PreconditionFailed"],
    [{ ifNoneMatch: '"abc"' }, "NotModified"],
    [{ ifNoneMatch: 'W/"abc"' }, "NotModified"],
    [{ ifNoneMatch: "*" }, "NotModified"],
    [{ ifNoneMatch: '"x"' }, "ok"],
    // HTTP dates have whole seconds: the object's own date is not before itself.
    [{ ifModifiedSince: at(0) }, "NotModified"],
    [{ ifModifiedSince: at(-1) }, "ok"],
    [{ ifModifiedSince: "yesterday, perhaps" }, "ok"],
    [{ ifUnmodifiedSince: at(0) }, "ok"],
    [{ ifUnmodifiedSince: at(-1) }, "PreconditionFailed"],
    // RFC 9110, 13.2.2: an ETag outranks a date.
    [{ ifMatch: '"abc"', ifUnmodifiedSince: at(-1) }, "ok"],
    [{ ifNoneMatch: '"abc"', ifModifiedSince: at(-1) }, "NotModified"],
    [{ ifNoneMatch: '"x"', ifModifiedSince: at(1) }, "ok"],
  ])("%j → %s", (conditions, expected) => {
    expect(outcome(checkRead, conditions)).toBe(expected);
  });
});

test("a 304 carries the ETag and the date that a 200 would have carried", () => {
  expect(() => checkRead({ ...NONE, ifNoneMatch: "*" }, object)).toThrow(
    expect.objectContaining({ headers: { etag: '"abc"', "last-modified": modified.toUTCString() } }),
  );
});

test.each<[Partial<Conditions>, string]>([
  [{ ifNoneMatch: '"abc"' }, "PreconditionFailed"],
  [{ ifModifiedSince: at(0) }, "PreconditionFailed"],
  [{ ifMatch: '"abc"' }, "ok"],
])("of a copy's source: %j → %s, never 304", (conditions, expected) => {
  expect(outcome(checkCopySource, conditions)).toBe(expected);
});
