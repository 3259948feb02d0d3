import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../scripts/serve.mjs";
import { python, run } from "./python.ts";

const SUITE = fileURLToPath(new URL("../../shared/conformance", import.meta.url));
const absent = !existsSync(SUITE);
if (absent) console.warn("skipped: S3 tests by real clients (no ../shared/conformance beside this checkout)");
const interpreter = python("sagemaker2", "S3 tests by real clients");
const skipped = absent || interpreter === undefined;

let served: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  if (!skipped) served = await serve();
});

afterAll(async () => await served?.close());

test.skipIf(skipped)("every S3 test of ../shared/conformance passes", { timeout: 1_800_000 }, async () => {
  const PATH = `${dirname(interpreter ?? "")}${delimiter}${process.env.PATH}`; // its aws and s5cmd
  const env = { ...served.env, FIELDMARK_ENDPOINT: served.url, PYTHONPATH: SUITE, PATH };
  const words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", SUITE];
  const { code, stdout, stderr } = await run(interpreter ?? "", words, env);
  expect(code, `${stdout.slice(-20_000)}${stderr}`).toBe(0);
  expect(stdout).toMatch(/\b387 passed/);
  expect(stdout).not.toMatch(/skipped/);
});
