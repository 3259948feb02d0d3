import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleModelPath } from "@fieldmark/samples";
import { download, EvaluationProcessor, type ProcessingJob, Session } from "@fieldmark/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "../scripts/serve.mjs";
import { fieldmark } from "./command-line.ts";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";

const WRITTEN = ["evaluation.json", "measures.json", "predictions.csv", "predictions.parquet", "report.html"];
/**
 * Without times all files of the same evaluation are the same; the recipe is checked whatever the cache knows. In the
 * order in which `--as-job` passes them: the report states the command.
 */
const WORDS = ["--recipe-check", "always", "--no-times"];
/** A machine that does much else is slow. */
const TIMEOUT = 600_000;

const what = "shared evaluations in containers";
const RUNTIMES =
  (await dockerOrSkip(what)) && (await imageOrSkip("fieldmark/evaluator", what))
    ? ["process", "docker"]
    : ["process"];

let served: Awaited<ReturnType<typeof serve>>;
let session: Session;
let cwd: string;
let images: string;
let annotations: string;

const EVALUATE = () => [
  "evaluate",
  "--model",
  sampleModelPath(),
  "--images",
  images,
  "--annotations",
  annotations,
];

async function asJob(output: string, words: readonly string[]) {
  return await fieldmark([...EVALUATE(), ...WORDS, "--as-job", ...words, "--output", output], {
    cwd,
    env: served.env,
  });
}

async function files(folder: string): Promise<readonly string[]> {
  return (await readdir(join(cwd, folder), { recursive: true })).sort();
}

/** Every file, or these, is byte for byte that of the job of one instance. */
async function expectSame(folder: string, names = WRITTEN): Promise<void> {
  expect(await files(folder)).toEqual(WRITTEN);
  for (const name of names) {
    const [ours, alone] = await Promise.all(
      [folder, "alone"].map((one) => readFile(join(cwd, one, name), "latin1")),
    );
    expect(ours === alone, `${folder}/${name}`).toBe(true);
  }
}

/** A job of three instances, from the SDK. */
async function start(isolated: boolean): Promise<ProcessingJob> {
  const processor = new EvaluationProcessor({
    session,
    instanceCount: 3,
    networkConfig: { enableNetworkIsolation: isolated },
  });
  const model = sampleModelPath();
  return await processor.run({ model, images, annotations, arguments: WORDS });
}

async function fetched(job: ProcessingJob, folder: string): Promise<string> {
  const from = job.outputs[0]?.destination ?? "";
  await download(session, { from, to: join(cwd, folder) });
  return from;
}

const inJob = (pid: string, path: string) => `/proc/${pid}/root/opt/ml/${path}`;
const SHARES = "processing/evaluation/shares";

/** The process of the evaluator on an instance of the only job that runs. */
async function processOn(host: string): Promise<string | null> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!words.includes("fieldmark") || !words.includes("--recipe-check")) continue;
    const config = await readFile(inJob(pid, "config/resourceconfig.json"), "utf8").catch(() => "{}");
    if (JSON.parse(config).current_host === host) return pid;
  }
  return null;
}

async function eventually<T>(find: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isRoot = process.getuid?.() === 0 && existsSync("/proc/self/root");
if (!isRoot) console.warn("skipped: an instance is lost (only root sees into a job's instances, on Linux)");

describe.each(RUNTIMES)("instances of the %s runtime share an evaluation:", (runtime) => {
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), "fieldmark-shares-"));
    await fieldmark(["samples", "render", "--output", "birds", "--quiet"], { cwd });
    images = join(cwd, "birds/test");
    annotations = join(cwd, "birds/manifest/test.csv");
    served = await serve(["--max-instances", "4", "--runtime", runtime]);
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = served.env;
    session = new Session({
      endpoint: AWS_ENDPOINT_URL ?? "",
      region: AWS_REGION ?? "us-east-1",
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID ?? "", secretAccessKey: AWS_SECRET_ACCESS_KEY ?? "" },
    });
    const alone = await asJob("alone", []);
    expect([alone.code, await files("alone")]).toEqual([0, WRITTEN]);
  }, TIMEOUT);

  afterAll(async () => {
    session?.[Symbol.dispose]();
    await served?.close();
    await rm(cwd, { recursive: true, force: true });
  });

  test("three instances with all pictures: the report of one", { timeout: TIMEOUT }, async () => {
    const { code, stdout } = await asJob("replicated", ["--instances", "3"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Share 2/3 is in the report of algo-1")]);
    await expectSame("replicated");
  });

  test("three instances with a part of the pictures each: the report of one", {
    timeout: TIMEOUT,
  }, async () => {
    const { code, stdout } = await asJob("sharded", ["--instances", "3", "--sharded"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Share 3/3 is in the report of algo-1")]);
    await expectSame("sharded");
  });

  test("three isolated instances reach each other only: the report of one", {
    timeout: TIMEOUT,
  }, async () => {
    const job = await start(true);
    await job.wait();
    await fetched(job, "isolated");
    await expectSame("isolated");
  });

  // What is merged here states this machine's version of Node, where the image has one of its own.
  const MERGED = runtime === "docker" ? ["evaluation.json", "predictions.csv"] : WRITTEN;

  test.skipIf(!isRoot)(
    "a lost instance is named; its share is run again alone, and merged from the object store",
    { timeout: TIMEOUT },
    async () => {
      const job = await start(false);
      const leader = await eventually(() => processOn("algo-1"));
      const lost = await eventually(async () => {
        const pid = await processOn("algo-2");
        if (pid === null) return null;
        const rows = await readFile(inJob(pid, `${SHARES}/2-of-3.partial.csv`), "utf8").catch(() => "");
        return rows.split("\n").length > 10 ? pid : null;
      });
      process.kill(Number(lost), "SIGSTOP");
      const done = ["1-of-3", "3-of-3"].map((name) => inJob(leader, `${SHARES}/${name}.parquet`));
      await eventually(async () => (done.every((path) => existsSync(path)) ? true : null));
      process.kill(Number(lost), "SIGKILL");

      await expect(job.wait()).rejects.toMatchObject({ code: "JOB_FAILED" });
      const uri = await fetched(job, "lost");
      const left = await files("lost");
      expect(left).toEqual(
        expect.arrayContaining(["report.html", "shares/1-of-3.parquet", "shares/3-of-3.parquet"]),
      );
      expect(left).not.toContain("evaluation.json");
      const page = await readFile(join(cwd, "lost/report.html"), "utf8");
      expect(page).toMatch(
        /share 2\/3 of algo-2 is lost: its connection ended (?:after \d+ of 56 pictures|before it told of a picture)/,
      );

      const incomplete = await fieldmark(["report", "merge", uri, "--output", "merged"], {
        cwd,
        env: served.env,
      });
      expect([incomplete.code, incomplete.stderr]).toEqual([1, expect.stringContaining("share 2/3 missing")]);

      const again = [...EVALUATE(), ...WORDS, "--share", "2/3", "--resume", "--output", "lost"];
      expect((await fieldmark(again, { cwd })).code).toBe(0);
      const merge = [
        "report",
        "merge",
        uri,
        "lost/shares/2-of-3.parquet",
        "--no-times",
        "--output",
        "merged",
      ];
      const merged = await fieldmark([...merge, "--images", images], { cwd, env: served.env });
      expect([merged.code, merged.stderr]).toEqual([0, ""]);
      await expectSame("merged", MERGED);

      const rest = [...EVALUATE(), ...WORDS, "--share", "2/3", "--output", "rest"];
      for (const one of ["1", "3"]) rest.push("--rest-of", `lost/shares/${one}-of-3.parquet`);
      expect((await fieldmark(rest, { cwd })).code).toBe(0);
      expect(await readFile(join(cwd, "rest/shares/2-of-3.parquet"), "latin1")).not.toBe("");
      const other = ["report", "merge", uri, "rest", "--no-times", "--output", "merged-rest"];
      await fieldmark([...other, "--images", images], { cwd, env: served.env });
      await expectSame("merged-rest", MERGED);
    },
  );
});
