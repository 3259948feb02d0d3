import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { sampleModelPath, writeSampleDataset } from "@fieldmark/samples";
import {
  copyObjects,
  download,
  EVALUATOR_IMAGE,
  EvaluationProcessor,
  type LogLine,
  listJobs,
  listPages,
  ProcessingJob,
  Processor,
  Session,
  upload,
} from "@fieldmark/sdk";
import type { Service } from "@fieldmark/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProcessService } from "./in-process-service.ts";

let folder: string;
let service: Service;
let session: Session;
const problems: string[] = [];
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(homedir(), ".fieldmark-test-"));
  service = await inProcessService(at("data"), problems);
  session = new Session({ endpoint: service.url, credentials: service.keys });
  await mkdir(at("in/sub"), { recursive: true });
  await writeFile(at("in/a.txt"), "one\n");
  await writeFile(at("in/sub/b.txt"), "two\n");
});

afterAll(async () => {
  session?.[Symbol.dispose]();
  await service?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  expect(problems).toEqual([]);
});

const shell = (script: string, options: { readonly instanceCount?: number } = {}) =>
  new Processor({
    session,
    imageUri: EVALUATOR_IMAGE,
    entrypoint: ["/bin/sh", "-c", script, "-"],
    ...options,
  });

test("a folder goes in, lines come out as they are printed, an output is fetched", async () => {
  const job = await shell('cd /opt/ml/processing; cat in/a.txt in/sub/b.txt; echo "$1" > out/c.txt').run({
    inputs: [{ source: at("in"), destination: "/opt/ml/processing/in" }],
    outputs: [{ source: "/opt/ml/processing/out" }],
    arguments: ["three"],
  });
  const lines: LogLine[] = [];
  const { ProcessingJobStatus } = await job.wait({ logs: (line) => lines.push(line) });
  expect(ProcessingJobStatus).toBe("Completed");
  expect(lines.map(({ host, message }) => `${host} ${message}`)).toEqual(["algo-1 one", "algo-1 two"]);
  const [output] = job.outputs;
  expect(output).toEqual({
    outputName: "output-1",
    source: "/opt/ml/processing/out",
    destination: `s3://sagemaker-us-east-1-123456789012/${job.name}/output/output-1`,
  });
  expect(await download(session, { from: output?.destination ?? "", to: at("fetched") })).toEqual(["c.txt"]);
  expect(await readFile(at("fetched/c.txt"), "utf8")).toBe("three\n");
  const phases = await job.phases();
  expect(phases.map(({ phase }) => phase)).toEqual([
    ...["queued", "preparing", "staging", "starting", "running", "uploading"],
  ]);
});

test("a failed job throws its reason, and is found again by its name", async () => {
  const { name } = await shell("echo no such bird; exit 3").run();
  const job = await ProcessingJob.fromName(session, name);
  await expect(job.wait({ logs: () => {} })).rejects.toMatchObject({
    code: "JOB_FAILED",
    message: `${name}: AlgorithmError: no such bird, exit code: 3`,
  });
  const failed: (string | undefined)[] = [];
  for await (const { ProcessingJobName } of listJobs(session, { status: "Failed", nameContains: name }))
    failed.push(ProcessingJobName);
  expect(failed).toEqual([name]);
  await expect(job.report()).rejects.toMatchObject({ code: "REPORT_MISSING" });
  await job.delete();
  await expect(job.describe()).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
});

test("waiting for a job that is stopped ends", async () => {
  const job = await shell("echo begun; exec sleep 600").run();
  const { ProcessingJobStatus } = await job.wait({ logs: () => void job.stop() });
  expect(ProcessingJobStatus).toBe("Stopped");
});

test("a wait that is aborted leaves the job", async () => {
  const job = await shell("echo begun; exec sleep 600").run();
  const interrupt = new AbortController();
  const waiting = job.wait({ logs: () => interrupt.abort(), signal: interrupt.signal });
  await expect(waiting).rejects.toMatchObject({
    code: "INTERRUPTED",
    message: `${job.name}: waiting was interrupted; the job goes on`,
  });
  expect((await job.describe()).ProcessingJobStatus).toBe("InProgress");
  await job.stop();
  expect((await job.wait()).ProcessingJobStatus).toBe("Stopped");
});

test("lines of several hosts all come, each under its host", async () => {
  const job = await shell("for i in 1 2 3; do echo $i; done", { instanceCount: 2 }).run();
  const lines: string[] = [];
  await job.wait({ logs: ({ host, message }) => lines.push(`${host} ${message}`) });
  for (const host of ["algo-1", "algo-2"])
    expect(lines.filter((line) => line.startsWith(host))).toEqual([`${host} 1`, `${host} 2`, `${host} 3`]);
});

test("more lines than one answer holds come once each, in order", async () => {
  const job = await shell("seq 1 25000").run();
  await job.wait();
  const lines: number[] = [];
  for await (const { message } of job.logs()) lines.push(Number(message));
  expect(lines).toEqual(Array.from({ length: 25_000 }, (_, index) => index + 1));
});

test("copies inside the store keep the tree, and a sibling of the prefix stays", async () => {
  const bucket = `s3://${await session.defaultBucket()}`;
  await upload(session, { from: at("in"), to: `${bucket}/tree` });
  await upload(session, { from: at("in/a.txt"), to: `${bucket}/tree2` });
  const copies = await copyObjects(session, { from: `${bucket}/tree`, to: `${bucket}/ü copy/x` });
  expect(copies).toEqual([`${bucket}/ü copy/x/a.txt`, `${bucket}/ü copy/x/sub/b.txt`]);
  const keys: string[] = [];
  for await (const { objects } of listPages(session, { bucket: bucket.slice(5), key: "ü copy/" }))
    keys.push(...objects.map(({ key }) => key));
  expect(keys).toEqual(["ü copy/x/a.txt", "ü copy/x/sub/b.txt"]);
});

test("what cannot be reached or is refused is told as such", async () => {
  using nobody = new Session({ endpoint: "http://127.0.0.1:1", credentials: service.keys });
  await expect(new Processor({ session: nobody, imageUri: "x" }).run()).rejects.toMatchObject({
    code: "SERVICE_UNREACHABLE",
    message: expect.stringContaining("ECONNREFUSED"),
  });
  const stranger = { accessKeyId: service.keys.accessKeyId, secretAccessKey: "wrong" };
  using refused = new Session({ endpoint: service.url, credentials: stranger });
  await expect(ProcessingJob.fromName(refused, "x")).rejects.toMatchObject({
    code: "SERVICE_REFUSED",
    details: { awsCode: "InvalidSignatureException" },
  });
});

test("an evaluation as a job leaves its report", async () => {
  await writeSampleDataset({ output: at("birds"), perClass: 3, seed: 1, split: "test" });
  const job = await new EvaluationProcessor({ session }).run({
    model: sampleModelPath(),
    images: at("birds/test"),
    annotations: at("birds/manifest/test.csv"),
    arguments: ["--recipe-check", "never"],
  });
  const lines: string[] = [];
  await job.wait({ logs: ({ message }) => lines.push(message) });
  expect(lines.at(-1)).toMatch(/^The job's output holds report\.html, evaluation\.json/);
  expect(lines.join("\n")).not.toContain("Report  ");
  const { evaluation, measures, uri } = await job.report();
  const { accuracy, confusion_matrix } = evaluation.multiclass_classification_metrics;
  expect(accuracy.value).toBeGreaterThan(0.8);
  expect(Object.keys(confusion_matrix)).toHaveLength(8);
  expect(measures).toMatchObject({ schemaVersion: 1, examples: { count: 24 } });
  expect(uri).toBe(job.outputs[0]?.destination);
});
