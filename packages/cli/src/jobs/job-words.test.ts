import { expect, test } from "vitest";
import { entrypointOf, inputOf, outputOf, pairOf } from "./job-words.ts";

test.each([
  ["data:/opt/ml/processing/input", { source: "data", destination: "/opt/ml/processing/input" }],
  ["s3://b/x:/opt/ml/processing/i", { source: "s3://b/x", destination: "/opt/ml/processing/i" }],
  [
    "test=/a=b/c:/opt/ml/processing/i",
    { inputName: "test", source: "/a=b/c", destination: "/opt/ml/processing/i" },
  ],
  ["/a=b:/opt/ml/processing/i", { source: "/a=b", destination: "/opt/ml/processing/i" }],
])("--input %s", (text, input) => {
  expect(inputOf(text)).toEqual(input);
});

test.each(["data", "s3://b/x", ":/opt/ml", "x=:/opt/ml"])("--input %s is refused", (text) => {
  expect(() => inputOf(text)).toThrow(/expected \[NAME=\]SOURCE:/);
});

test.each([
  ["/opt/ml/processing/o", { source: "/opt/ml/processing/o" }],
  ["o=/opt/ml/processing/o", { outputName: "o", source: "/opt/ml/processing/o" }],
  ["o=/opt/ml/o:s3://b/x", { outputName: "o", source: "/opt/ml/o", destination: "s3://b/x" }],
])("--output %s", (text, output) => {
  expect(outputOf(text)).toEqual(output);
});

test.each(["o=", "relative", "s3://b/x"])("--output %s is refused", (text) => {
  expect(() => outputOf(text)).toThrow(/expected \[NAME=\]/);
});

test("a value may hold an equals sign", () => {
  expect(pairOf("--env", "A=b=c")).toEqual(["A", "b=c"]);
  expect(() => pairOf("--env", "=c")).toThrow('--env "=c"');
});

test.each([
  ["python3  -u", ["python3", "-u"]],
  ['["sh","-c","echo a b"]', ["sh", "-c", "echo a b"]],
])("--entrypoint %s", (text, words) => {
  expect(entrypointOf(text)).toEqual(words);
});

test.each(['["sh"', '["sh", 1]'])("--entrypoint %s is refused", (text) => {
  expect(() => entrypointOf(text)).toThrow(/--entrypoint/);
});
