import fc from "fast-check";
import { expect, test } from "vitest";
import { anyKey } from "../test-support/index.ts";
import { decodeName, keyToPath } from "./key-path.ts";

/** Reads a path backwards, name by name. */
function keyOf(path: string): string {
  const names = path.split("/");
  return names
    .map((name, i) => {
      const decoded = decodeName(name, i < names.length - 1);
      if (decoded === null) throw new Error(`${name} stands for nothing`);
      if (decoded.kind === "continued") return decoded.beginning;
      return decoded.kind === "folder" ? `${decoded.segment}/` : decoded.segment;
    })
    .join("");
}

test.each([
  ["birds.csv", "birds.csv", "%~obirds.csv"],
  ["a/b/c.jpg", "a/b/c.jpg", "a/b/%~oc.jpg"],
  ["x/", "x/%~o", "x/%~o"],
  ["/a//b", "%~/a/%~/b", "%~/a/%~/%~ob"],
  ["../..", "%~d../%~o..", "%~d../%~o.."],
  ["%~oa/%~", "%~d%~oa/%~o%~", "%~d%~oa/%~o%~"],
  ["n".repeat(255), "n".repeat(255), `%~c${"n".repeat(240)}/%~o${"n".repeat(15)}`],
  [
    `${"n".repeat(300)}/a`,
    `%~c${"n".repeat(240)}/%~d${"n".repeat(60)}/a`,
    `%~c${"n".repeat(240)}/%~d${"n".repeat(60)}/%~oa`,
  ],
])("the key %j is at %j, or at %j beside a folder", (key, plain, escaped) => {
  expect(keyToPath(key)).toMatchObject({ plain, escaped });
});

test("every key can be read back from both its paths, whose names every file system holds", () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const { plain, escaped } = keyToPath(key);
      expect(keyOf(plain)).toBe(key);
      expect(keyOf(escaped)).toBe(key);
      for (const name of [...plain.split("/"), ...escaped.split("/")]) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(["", ".", ".."]).not.toContain(name);
      }
    }),
    { numRuns: 2000 },
  );
});
