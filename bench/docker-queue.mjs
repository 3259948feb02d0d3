// node bench/docker-queue.mjs: many small jobs at once, more than may run: all must end well, and leave nothing at the daemon.
//
//   node bench/docker-queue.mjs [--jobs 200] [--image debian:bookworm-slim]
//
// Four instances run at a time. Every fifth job has two, on a network of its own; every third is isolated. Prints what is
// wrong, then a summary; the exit code is 1 when anything is.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { clientsOf, pause, serve } from "../scripts/serve.mjs";
import { ended, keysOf, shellJob } from "../scripts/shell-jobs.mjs";
import { requireBuild } from "./programs.mjs";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "200" },
    image: { type: "string", default: "debian:bookworm-slim" },
  },
});
const [BUCKET, jobs] = ["queue", Number(values.jobs)];
const instancesOf = (index) => (index % 5 === 4 ? 2 : 1);
requireBuild();

function request(index) {
  const job = shellJob(`queued-${index}`, {
    script: "cp /opt/ml/processing/input/bird $OUT/$(hostname)",
    bucket: BUCKET,
    instances: instancesOf(index),
    isolated: index % 3 === 0,
  });
  job.AppSpecification.ImageUri = values.image;
  const S3Input = {
    S3Uri: `s3://${BUCKET}/in`,
    LocalPath: "/opt/ml/processing/input",
    S3DataType: "S3Prefix",
    S3InputMode: "File",
  };
  return { ...job, ProcessingInputs: [{ InputName: "in", S3Input }] };
}

async function inspect({ sagemaker, s3 }, index, wrong) {
  const name = `queued-${index}`;
  const { ProcessingJobStatus, FailureReason = "" } = await ended(sagemaker, name, { seconds: 1_800 });
  if (ProcessingJobStatus !== "Completed") wrong.push(`${name}: ${ProcessingJobStatus} ${FailureReason}`);
  const keys = (await keysOf(s3, BUCKET, `${name}/`)).join();
  const expected = instancesOf(index) === 2 ? "algo-1,algo-2" : "algo-1";
  if (keys !== expected) wrong.push(`${name}: its output is "${keys}", expected "${expected}"`);
}

/** What has the label at the daemon. */
async function labelled(label, kinds) {
  const list = { container: ["ps", "-a"], network: ["network", "ls"], volume: ["volume", "ls"] };
  const found = [];
  for (const kind of kinds) {
    const { stdout } = await promisify(execFile)("docker", [
      ...list[kind],
      "-q",
      "--filter",
      `label=${label}`,
    ]);
    for (const id of stdout.split("\n").filter(Boolean)) found.push(`${kind} ${id}`);
  }
  return found;
}

/** Asks until nothing is left: a job has ended before all of it is removed. */
async function left(look) {
  for (let tries = 0; tries < 50 && (await look()).length > 0; tries += 1) await pause(200);
  return (await look()).map((what) => `${what} is left behind`);
}

const served = await serve(["--runtime", "docker", "--max-instances", "4"]);
const clients = clientsOf(served);
try {
  const label = `fieldmark.service=${(await readFile(join(served.data, "service-id"), "utf8")).trim()}`;
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "in/bird", Body: "wren\n" }));
  const from = performance.now();
  for (let index = 0; index < jobs; index += 1)
    await clients.sagemaker.send(new CreateProcessingJobCommand(request(index)));
  const wrong = [];
  for (let index = 0; index < jobs; index += 1) await inspect(clients, index, wrong);
  const seconds = (performance.now() - from) / 1000;
  const folders = async () =>
    (await readdir(join(served.data, "jobs"))).filter((name) => !name.startsWith("."));
  wrong.push(...(await left(async () => await labelled(label, ["container", "volume"]))));
  wrong.push(...(await left(async () => (await folders()).map((name) => `folder jobs/${name}`))));
  await served.stop();
  wrong.push(...(await left(async () => await labelled(label, ["container", "network", "volume"]))));
  for (const line of wrong) console.error(line);
  const mark = wrong.length === 0 ? "✓" : "✗";
  console.log(`${mark} ${jobs} jobs in ${seconds.toFixed(1)} s: ${wrong.length} wrong`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  clients.destroy();
  await served.close();
}
