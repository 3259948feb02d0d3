import { expect, test } from "vitest";
import type { Graph } from "../../graph/graph.ts";
import { findClassNames } from "./class-names.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const strings = (...values: readonly string[]) =>
  ({ dataType: "string", shape: [values.length], data: values.map(encode) }) as const;

const graph = (nodes: Graph["nodes"] = [], constants: Graph["constants"] = new Map()): Graph => ({
  inputs: [],
  outputs: [{ key: "y", name: "y", dataType: "float32", shape: [null, 3] }],
  nodes,
  constants,
});
const found = (
  files: Readonly<Record<string, string>>,
  of = graph(),
  tables: readonly (readonly string[])[] = [],
) =>
  findClassNames({
    files: new Map(Object.entries(files).map(([name, text]) => [name, encode(text)])),
    folder: "1/",
    graph: of,
    tables: () => tables,
  });

test.each([
  { name: "1/labels.txt", text: "a\r\nb\n c \n\n" },
  { name: "1/assets/vocabulary.txt", text: "a\nb\nc" },
  { name: "1/class_names.json", text: '["a", "b", "c"]' },
])("names are read from $name", ({ name, text }) => {
  expect(found({ [name]: text })).toEqual(["a", "b", "c"]);
});

test.each([
  { name: "1/labels.txt", text: "a\nb", why: "too few" },
  { name: "1/labels.txt", text: "a\nb\nb", why: "twice the same" },
  { name: "1/notes.txt", text: "a\nb\nc", why: "no labels file" },
  { name: "2/labels.txt", text: "a\nb\nc", why: "beside another model" },
  { name: "1/labels.json", text: '{"a": 1}', why: "no list" },
  { name: "1/labels.json", text: "[1, 2, 3]", why: "no strings" },
  { name: "1/labels.json", text: "[", why: "no JSON" },
])("no names from $name: $why", ({ name, text }) => {
  expect(found({ [name]: text })).toBeNull();
});

test("names are the strings that the graph picks from, or those that fill a table it looks up", () => {
  const constants = new Map([["names", strings("x", "y", "z")]]);
  const node = (op: string, input: string) => ({
    name: "n",
    op,
    inputs: [input],
    outputs: ["n"],
    attributes: {},
  });
  expect(found({}, graph([node("GatherV2", "names")], constants))).toEqual(["x", "y", "z"]);
  expect(found({}, graph([node("Identity", "names")], constants))).toBeNull();
  expect(
    found({}, graph([node("LookupTableFindV2", "table")]), [
      ["1", "2"],
      ["p", "q", "r"],
    ]),
  ).toEqual(["p", "q", "r"]);
});
