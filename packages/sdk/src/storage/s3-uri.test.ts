import { expect, test } from "vitest";
import { joinS3Uri, parseS3Uri } from "./s3-uri.ts";

test.each([
  ["s3://b", { bucket: "b", key: "" }],
  ["s3://b/", { bucket: "b", key: "" }],
  ["s3://b/x/y z\n", { bucket: "b", key: "x/y z\n" }],
  ["s3://b//x", { bucket: "b", key: "/x" }],
])("%s", (uri, location) => {
  expect(parseS3Uri(uri)).toEqual(location);
});

test.each(["", "b/x", "s3:/b/x", "s3:///x", "https://b/x"])("%j is no S3 URI", (uri) => {
  expect(() => parseS3Uri(uri)).toThrow(/expected s3:\/\/bucket\/key/);
});

test("parts are joined by single slashes", () => {
  expect(joinS3Uri("s3://b/", "", "/job/", "input")).toBe("s3://b/job/input");
});
