import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type ImageOptions, imageUri } from "./image-uri.ts";

/** By the SageMaker Python SDK 2.257: packages/sdk/golden/make_requests.py. */
const GOLDEN: readonly { readonly given: ImageOptions; readonly uri: string }[] = JSON.parse(
  await readFile(new URL("../../golden/image-uris.json", import.meta.url), "utf8"),
);

test.each(GOLDEN)("$uri", ({ given, uri }) => {
  expect(imageUri(given)).toBe(uri);
});

test.each([
  [{ framework: "sklearn", version: "1.2-1", region: "moon-1" }, /region "moon-1"/],
  [{ framework: "sklearn", version: "1.2-1", region: "constructor" }, /region "constructor"/],
  [{ framework: "tensorflow", version: "9.9", region: "us-east-1" }, /pyVersion is missing/],
  [{ framework: "spark", version: "3.3", region: "us-east-1", pyVersion: "py39" }, /both or neither/],
] as const)("%o is refused", (given, message) => {
  expect(() => imageUri(given)).toThrow(message);
});
