import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stsEndpointRules, writeBotoData } from "./boto-data.ts";

const URL = "http://127.0.0.1:4599";

// That botocore obeys them, by the Python SDK's own calls: tests/clients/test_sagemaker2.py.
test("STS's fixed AWS host, and no host, become ours; an endpoint that a program names stays", () => {
  const { rules } = stsEndpointRules(URL) as {
    rules: { conditions: unknown[]; endpoint: { url: unknown } }[];
  };
  expect(rules.map((rule) => rule.endpoint.url)).toEqual([{ ref: "Endpoint" }, URL]);
  expect(JSON.stringify(rules[0]?.conditions)).toContain('"not","argv":[{"fn":"stringEquals"');
  expect(rules[1]?.conditions).toEqual([]);
});

test("the rules stand where botocore looks for them, and are written again for another address", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-boto-"));
  for (const url of [URL, "http://127.0.0.1:5000"]) {
    const root = await writeBotoData(folder, url);
    const file = join(root, "sts/2011-06-15/endpoint-rule-set-1.json");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(stsEndpointRules(url));
  }
  await rm(folder, { recursive: true });
});
