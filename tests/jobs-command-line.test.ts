import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../scripts/serve.mjs";
import { fieldmark } from "./command-line.ts";

let served: Awaited<ReturnType<typeof serve>>;
let cwd: string;

beforeAll(async () => {
  served = await serve(["--max-instances", "1"]);
  cwd = await mkdtemp(join(tmpdir(), "fieldmark-jobs-"));
  await mkdir(join(cwd, "in"));
  await writeFile(join(cwd, "in/a.txt"), "one\n");
});

afterAll(async () => {
  await served?.close();
  await rm(cwd, { recursive: true, force: true });
});

const run = async (...words: string[]) => await fieldmark(words, { cwd, env: served.env });
const shell = (script: string) => [
  ...["jobs", "run", "--image", "fieldmark/evaluator"],
  ...["--entrypoint", JSON.stringify(["/bin/sh", "-c", script, "-"])],
];

test("run, describe, list, logs, copy, delete: one job's life", { timeout: 300_000 }, async () => {
  const words = shell('cat /opt/ml/processing/in/a.txt; echo "$1" | tee /opt/ml/processing/out/b.txt');
  const places = ["--input", "in:/opt/ml/processing/in", "--output", "o=/opt/ml/processing/out"];
  const ran = await run(...words, ...places, "--name", "life", "--", "--two");
  expect([ran.code, ran.stdout]).toEqual([0, "one\n--two\n"]);
  expect(ran.stderr).toMatch(/life completed in/);

  const described = JSON.parse((await run("jobs", "describe", "life", "--json")).stdout);
  expect(described).toMatchObject({ ProcessingJobName: "life", ProcessingJobStatus: "Completed" });
  expect(described.Phases.map(({ phase }: { phase: string }) => phase)).toContain("running");
  expect((await run("jobs", "describe", "life")).stdout).toMatch(
    /^life {2}Completed\n[\s\S]*\nrunning +[\d.]+ s/,
  );
  expect((await run("jobs", "list")).stdout).toMatch(/life +│ Completed/);
  expect((await run("jobs", "logs", "life")).stdout).toBe("one\n--two\n");
  const [line] = (await run("jobs", "logs", "life", "--json")).stdout.split("\n");
  expect(JSON.parse(line ?? "")).toMatchObject({ host: "algo-1", message: "one" });

  const uri = described.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri;
  expect((await run("s3", "ls", `${uri}/`)).stdout).toMatch(/6 B .*b\.txt\n/);
  await run("s3", "cp", `${uri}/b.txt`, "fetched.txt");
  expect(await readFile(join(cwd, "fetched.txt"), "utf8")).toBe("--two\n");

  expect((await run("jobs", "delete", "life")).code).toBe(0);
  const gone = await run("jobs", "describe", "life");
  expect([gone.code, gone.stdout]).toEqual([1, ""]);
  expect(gone.stderr).toMatch(/life: there is no such processing job[\s\S]*JOB_NOT_FOUND/);
});

test("a job that fails makes the exit code 1; with --json its description is all of stdout", async () => {
  const { code, stdout, stderr } = await run(...shell("echo words; exit 4"), "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ FailureReason: "AlgorithmError: words, exit code: 4" });
  expect(stderr).toMatch(/^words$/m);
});

test("Ctrl-C ends the waiting with 130 and leaves the job; stop and wait end it", {
  timeout: 300_000,
}, async () => {
  const name = (await run(...shell("exec sleep 600"), "--detach")).stdout.trim();
  const next = (await run(...shell("true"), "--detach", "--name", "next")).stdout.trim();
  const waited = await fieldmark(["jobs", "wait", next], {
    cwd,
    env: served.env,
    interruptAt: "queued        waiting for instances to become free\n",
  });
  expect(waited.code).toBe(130);
  expect(waited.stderr).toMatch(/interrupted/);
  expect((await run("jobs", "stop", name)).stdout).toBe(`${name}: Stopping\n`);
  const ended = await run("jobs", "wait", name);
  expect([ended.code, ended.stdout]).toEqual([1, ""]);
  expect(ended.stderr).toMatch(/was stopped after/);
  expect(await run("jobs", "wait", next)).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^next completed/m),
  });
});

test("nobody at the address: exit code 1 and the command that starts a service", async () => {
  const { code, stderr } = await run("jobs", "list", "--endpoint", "http://127.0.0.1:1");
  expect(code).toBe(1);
  expect(stderr).toMatch(/ECONNREFUSED[\s\S]*fieldmark serve/);
});

test.each([
  [["jobs", "run", "--image", "x", "--input", "nowhere"], /--input "nowhere": expected/],
  [["s3", "cp", "a", "b"], /one of the two must be an s3:\/\/ URI/],
  [["evaluate", "--as-job", "--images", "in"], /--as-job needs --model and --images/],
])("%j: wrong words make the exit code 2", async (words, message) => {
  const { code, stdout, stderr } = await run(...words);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
});
