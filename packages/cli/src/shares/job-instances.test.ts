import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CliContext } from "../context.ts";
import { jobInstances } from "./job-instances.ts";
import { workOf } from "./share-place.ts";

let ml: string;
let context: CliContext;

beforeEach(async () => {
  ml = await mkdtemp(join(tmpdir(), "fieldmark-instances-"));
  await mkdir(join(ml, "config"));
  context = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: { OPT_ML: ml },
    cwd: "/",
    signal: new AbortController().signal,
    interactive: false,
    color: false,
    argv: [],
    exit: { code: 0 },
  };
});

afterEach(async () => {
  await rm(ml, { recursive: true, force: true });
});

const input = (LocalPath: string, S3DataDistributionType?: string) => ({
  S3Input: { LocalPath, S3DataDistributionType },
});

async function configure(hosts: readonly string[], host: string, inputs: readonly object[]): Promise<void> {
  await writeFile(join(ml, "config/resourceconfig.json"), JSON.stringify({ hosts, current_host: host }));
  await writeFile(join(ml, "config/processingjobconfig.json"), JSON.stringify({ ProcessingInputs: inputs }));
}

test("no job, and a job of one instance, are not shared", async () => {
  expect(await jobInstances(context)).toBeNull();
  await configure(["algo-1"], "algo-1", []);
  expect(await jobInstances(context)).toBeNull();
});

test("the place is the host's, the distribution that of the innermost input, the key the job's", async () => {
  const inputs = [
    input("/opt/ml/processing/input", "FullyReplicated"),
    input("/opt/ml/processing/input/test", "ShardedByS3Key"),
    input("/opt/ml/processing/input/testing"),
    { DatasetDefinition: {} },
  ];
  await configure(["algo-1", "algo-2", "algo-3"], "algo-2", inputs);
  const job = await jobInstances(context);
  expect(job?.place).toMatchObject({ number: 2, shares: 3, host: "algo-2" });
  const sharded = ["input", "input/test", "input/test/a", "input/testing", "input/tes", "elsewhere"].map(
    (path) => job?.isSharded(join(ml, "processing", path)),
  );
  expect(sharded).toEqual([false, true, true, false, false, false]);

  const key = job?.place.exchange?.key;
  await configure(["algo-1", "algo-2", "algo-3"], "algo-1", inputs);
  expect((await jobInstances(context))?.place.exchange?.key).toBe(key);
  await configure(["algo-1", "algo-2", "algo-3"], "algo-1", inputs.slice(1));
  expect((await jobInstances(context))?.place.exchange?.key).not.toBe(key);
});

test("what every instance needs may not be dealt out; --share is no instance's", async () => {
  const model = "/opt/ml/processing/model";
  await configure(["algo-1", "algo-2"], "algo-1", [input(model, "ShardedByS3Key")]);
  const paths = { images: "/images", needed: [join(ml, "processing/model/model.tar.gz")] };
  await expect(workOf(context, { restOf: [] }, paths)).rejects.toMatchObject({ code: "DATASET_INVALID" });
  const share = { number: 2, shares: 5 };
  expect(await workOf(context, { share, restOf: [] }, paths)).toEqual({
    share: { ...share, host: null },
    isShard: false,
  });
  await expect(workOf(context, { restOf: ["x"] }, paths)).rejects.toMatchObject({ code: "USAGE" });
});

test.each<[string, string]>([
  ["{", "resourceconfig.json"],
  ["null", "is not an object"],
  ['{"hosts":[],"current_host":"algo-1"}', "current_host is not one of hosts"],
  ['{"hosts":["algo-1","algo-2"],"current_host":"algo-3"}', "current_host is not one of hosts"],
  ['{"hosts":["algo-1","algo-2"],"current_host":"algo-1"}', "processingjobconfig.json: it is not there"],
])("a broken configuration is told: %s", async (text, message) => {
  await writeFile(join(ml, "config/resourceconfig.json"), text);
  await expect(jobInstances(context)).rejects.toThrow(message);
});
