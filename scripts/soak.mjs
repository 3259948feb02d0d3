// One hour (or --minutes) of ordinary load: jobs of several kinds, objects in and out, lists and logs.
//
//   node scripts/soak.mjs [--minutes 60] [--every 60]
//
// Prints the service's memory, descriptors and threads, and what was done, every so many seconds. Exit code 1 when
// anything failed, when a job ended otherwise than it should, or when memory or descriptors still grew at the end.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  DeleteProcessingJobCommand,
  ListProcessingJobsCommand,
} from "@aws-sdk/client-sagemaker";
import { clientsOf, pause, serve } from "./serve.mjs";
import { bytesOf, ended, linesOf, shellJob } from "./shell-jobs.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, every: { type: "string", default: "60" } },
});
const until = performance.now() + Number(values.minutes) * 60_000;
const BUCKET = "soak";
const served = await serve();
const clients = clientsOf(served);
const { sagemaker, s3, logs } = clients;
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

const KINDS = [
  { script: "echo 1; echo whole > $OUT/data", status: "Completed", lines: 1 },
  {
    script: "for i in $(seq 1 2000); do echo $i; done; echo whole > $OUT/data",
    status: "Completed",
    lines: 2000,
  },
  { script: "echo 1; echo whole > $OUT/data; exit 3", status: "Failed", lines: 1 },
  {
    script: "echo 1; echo whole > $OUT/data; sleep 2; echo 2",
    status: "Completed",
    lines: 2,
    mode: "Continuous",
  },
  { script: "echo 1; echo whole > $OUT/data", status: "Completed", lines: 1, isolated: true },
];
const done = { jobs: 0, objects: 0, lists: 0, failures: 0 };

/** Repeats `work` until the time is over; a failure is counted and told, and the rest goes on. */
async function again(work) {
  for (let round = 0; performance.now() < until; round++) {
    try {
      await work(round);
    } catch (error) {
      done.failures++;
      console.log(`✗ ${error.name}: ${error.message}`);
      await pause(1000);
    }
  }
}

async function oneJob(worker, round) {
  const kind = KINDS[(worker + round) % KINDS.length];
  const name = `soak-${worker}-${round}`;
  await sagemaker.send(new CreateProcessingJobCommand(shellJob(name, { ...kind, bucket: BUCKET })));
  const { ProcessingJobStatus, FailureReason } = await ended(sagemaker, name, { seconds: 300 });
  const [lines = []] = Object.values(await linesOf(logs, name));
  const output = (await bytesOf(s3, BUCKET, `${name}/data`)).toString();
  if (ProcessingJobStatus !== kind.status || lines.length !== kind.lines || output !== "whole\n")
    throw new Error(
      `${name}: ${ProcessingJobStatus} (${FailureReason}), ${lines.length} lines, ${output.length} bytes`,
    );
  if (round % 3 === 0) await sagemaker.send(new DeleteProcessingJobCommand({ ProcessingJobName: name }));
  done.jobs++;
  await pause(200);
}

async function oneObject(round) {
  const Body = randomBytes(round % 20 === 0 ? 8 << 20 : 10_000);
  const place = { Bucket: BUCKET, Key: `objects/${round % 500}` };
  await s3.send(new PutObjectCommand({ ...place, Body }));
  if (!Body.equals(await bytesOf(s3, place.Bucket, place.Key))) throw new Error(`${place.Key}: other bytes`);
  if (round % 2 === 0) await s3.send(new DeleteObjectCommand(place));
  done.objects++;
  await pause(50);
}

async function oneList() {
  await sagemaker.send(new ListProcessingJobsCommand({ SortOrder: "Descending", MaxResults: 100 }));
  done.lists++;
  await pause(500);
}

const samples = [];
function sample() {
  const at = `/proc/${served.pid()}`;
  const status = readFileSync(`${at}/status`, "utf8");
  const number = (word) => Number(new RegExp(`${word}:\\s+(\\d+)`).exec(status)?.[1]);
  const descriptors = readdirSync(`${at}/fd`).length;
  samples.push({ megabytes: number("VmRSS") / 1024, descriptors, threads: number("Threads") });
  console.log(JSON.stringify({ ...samples.at(-1), ...done }));
}

const timer = setInterval(sample, Number(values.every) * 1000);
sample();
await Promise.all([
  ...[0, 1, 2].map((w) => again((round) => oneJob(w, round))),
  again(oneObject),
  again(oneList),
]);
clearInterval(timer);
await pause(2000);
sample();

/** The largest of a third of the samples: the last third may not lie far above the middle one. */
const third = Math.max(1, Math.floor(samples.length / 3));
const most = (from, to, field) => Math.max(...samples.slice(from, to).map((one) => one[field]));
const grew = ["megabytes", "descriptors"].filter(
  (field) => samples.length >= 9 && most(-third, undefined, field) > 1.3 * most(-2 * third, -third, field),
);
const good = done.failures === 0 && grew.length === 0;
console.log(`${good ? "✓" : "✗"} ${JSON.stringify(done)}; still growing: ${grew.join(", ") || "nothing"}`);
clients.destroy();
await served.close();
process.exitCode = good ? 0 : 1;
