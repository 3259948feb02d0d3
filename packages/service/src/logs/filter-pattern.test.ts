import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filterPattern } from "./filter-pattern.ts";

const matched = (pattern: string, messages: readonly string[]) => messages.filter(filterPattern(pattern));

/** Examples of the CloudWatch Logs user guide, "Filter pattern syntax". */
const GUIDE = [
  "[ERROR 400] BAD REQUEST",
  "[ERROR 401] UNAUTHORIZED REQUEST",
  "[ERROR 419] MISSING ARGUMENTS",
  "[WARN 420] ARGUMENTS DEPRECATED",
];

describe("terms, as the CloudWatch guide shows them", () => {
  test.each([
    { pattern: "ERROR", lines: [0, 1, 2] },
    { pattern: "ERROR ARGUMENTS", lines: [2] },
    { pattern: "?ERROR ?ARGUMENTS", lines: [0, 1, 2, 3] },
    { pattern: '"BAD REQUEST"', lines: [0] },
    { pattern: "ERROR -ARGUMENTS", lines: [0, 1] },
    { pattern: '"[ERROR" -"401"', lines: [0, 2] },
    { pattern: "error", lines: [] },
    { pattern: "", lines: [0, 1, 2, 3] },
  ])("$pattern", ({ pattern, lines }) => {
    expect(matched(pattern, GUIDE)).toEqual(lines.map((line) => GUIDE[line]));
  });

  test.each([
    "[a, b]",
    "%4\\d%",
    '"open',
    'a"b"',
    "{ $.a }",
    "{ $.a = 1",
    "{ $.a > x }",
    "{ $.a = 1 } x",
    "{ a = 1 }",
  ])("%s is refused", (pattern) => {
    expect(() => filterPattern(pattern)).toThrow(/^Invalid filter pattern: /);
  });
});

describe("JSON", () => {
  const event = JSON.stringify({
    eventType: "UpdateTrail",
    sourceIPAddress: "111.111.111.111",
    arrayKey: ["value", "another value"],
    objectList: [
      { name: "a", id: 1 },
      { name: "b", id: 2 },
    ],
    SomeObject: null,
    ThisFlag: true,
    "dotted.key": 5,
  });
  test.each([
    ['{ $.eventType = "UpdateTrail" }', true],
    ['{ $.sourceIPAddress != "123.123.*" }', true],
    ["{ $.sourceIPAddress = 111.111.* }", true],
    ['{ $.arrayKey[0] = "value" }', true],
    ["{ $.objectList[1].id = 2 }", true],
    ["{ $.objectList[1].id >= 3 }", false],
    ["{ $.SomeObject IS NULL }", true],
    ["{ $.SomeOtherObject NOT EXISTS }", true],
    ["{ $.ThisFlag IS TRUE }", true],
    ['{ $["dotted.key"] = 5 }', true],
    ["{ ($.eventType = Nope) || ($.objectList[0].id < 2 && $.ThisFlag IS TRUE) }", true],
    ["{ $.eventType = Nope || $.objectList[0].id < 2 && $.ThisFlag IS FALSE }", false],
    ["{ $.missing != 1 }", false],
    ["{ $.__proto__ EXISTS }", false],
  ])("%s", (pattern, holds) => {
    expect(filterPattern(pattern)(event)).toBe(holds);
    expect(filterPattern(pattern)("plain text")).toBe(false);
  });

  test("a wildcard matches as the regular expression it stands for", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(value);
        expect(filterPattern(`{ $.k = "${pattern}" }`)(JSON.stringify({ k: value }))).toBe(expected);
      }),
    );
  });
});

test("whatever the pattern, it is a test or LOG_PARAMETER", () => {
  const anything = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom(
        "{",
        "}",
        "$",
        ".",
        "a",
        " ",
        "=",
        "(",
        ")",
        "&&",
        "||",
        '"',
        "[0]",
        "NOT",
        "-",
        "?",
      ),
      maxLength: 20,
    }),
  );
  fc.assert(
    fc.property(anything, fc.string(), (pattern, message) => {
      try {
        expect(typeof filterPattern(pattern)(message)).toBe("boolean");
      } catch (error) {
        expect(error).toBeInstanceOf(FieldmarkError);
        expect(error).toMatchObject({ code: "LOG_PARAMETER" });
      }
    }),
    { numRuns: 2000 },
  );
});
