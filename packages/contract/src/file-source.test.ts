import fc from "fast-check";
import { expect, test } from "vitest";
import { fileIdentity, formatFileSource, isFileSource, parseFileSource } from "./file-source.ts";

const IDENTITY = "dev=1&ino=2&size=3&mtime=4&ctime=5";

test("every path comes back, in a header of ASCII", () => {
  const name = fc.string({ unit: "grapheme" }).filter((text) => !/[/\0]|^\.{0,2}$/.test(text));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), (names) => {
      const source = { path: `/${names.join("/")}`, identity: IDENTITY };
      const text = formatFileSource(source);
      expect(text).toMatch(/^[!-~]+$/);
      expect(isFileSource(text)).toBe(true);
      expect(parseFileSource(text)).toEqual(source);
    }),
  );
});

test("an identity holds each number whole", () => {
  const big = 2n ** 63n - 1n;
  expect(fileIdentity({ dev: 1n, ino: big, size: 3n, mtimeNs: big, ctimeNs: -5n })).toBe(
    `dev=1&ino=${big}&size=3&mtime=${big}&ctime=-5`,
  );
});

test.each(["", "birds/key", "file:///a", "file://host/a?dev=1", "file:///a%2Fb?dev=1"])(
  "%j is no source",
  (text) => {
    expect(parseFileSource(text)).toBeNull();
  },
);
