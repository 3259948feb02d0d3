import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMetadataValue, encodeMetadataValue } from "./metadata-value.ts";

const onWire = (text: string): string => Buffer.from(text).toString("latin1");

test.each([
  ["plain", "plain"],
  [onWire("grün"), "grün"],
  ["gr\xfcn", "grün"],
  ["=?UTF-8?B?Z3LDvG4=?=", "grün"],
  ["=?utf-8?q?gr=C3=BCn_und_blau?=", "grün und blau"],
  ["=?UTF-8?Q?a?= =?UTF-8?Q?b?=", "ab"],
  ["=?UTF-8?B?//8=?=", "=?UTF-8?B?//8=?="],
])("%j is read as %j", (wire, text) => {
  expect(decodeMetadataValue(wire)).toBe(text);
});

test("is told as an encoded word, as S3 does", () => {
  expect(encodeMetadataValue("grün blau")).toBe("=?UTF-8?Q?gr=C3=BCn_blau?=");
  expect(encodeMetadataValue("plain = a value")).toBe("plain = a value");
});

test("what is told is a header, and read again it is the same", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("=?")),
      (text) => {
        const told = encodeMetadataValue(text);
        expect(told).toMatch(/^[\x20-\x7e\t]*$/);
        expect(decodeMetadataValue(told)).toBe(text);
      },
    ),
  );
});
