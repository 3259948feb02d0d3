// Kills the service at random moments while jobs of many kinds are submitted and run, and counts what became of them.
//
//   node scripts/crash-test.mjs [--kills 300] [--jobs 300] [--seed N]
//
// Every program reports its start and its end to a ledger that this process keeps (over the host's network; a job has
// no other way out that a crash of the service could not touch). In the end every accepted job must have ended, in the
// right status, with exactly one start an instance, every line in its log once and in order, and its outputs whole.
// Prints what is wrong, then a summary; the exit code is 1 when anything is.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  StopProcessingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { clientsOf, pause, serve } from "./serve.mjs";
import { bytesOf, ended, keysOf, linesOf, shellJob } from "./shell-jobs.mjs";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    jobs: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const [kills, jobs, seed] = [Number(values.kills), Number(values.jobs), Number(values.seed)];
const BUCKET = "crash";

/** mulberry32: the moments of the kills come again with the same seed. */
function randomOf(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const lines = (count, word = "line") => Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);
const print = (count, word = "line") => `for i in $(seq 1 ${count}); do echo ${word} $i; done`;
const whole = "whole\n".repeat(200_000);

/** Kinds of jobs: a script, and what must be true when it ended. `files` are a host's outputs. */
const KINDS = [
  {
    kind: "quick",
    script: `${print(3)}; echo whole > $OUT/data`,
    lines: lines(3),
    files: { data: "whole\n" },
  },
  {
    kind: "slow",
    script: `for i in $(seq 1 40); do echo line $i; sleep 0.05; done; echo whole > $OUT/data`,
    lines: lines(40),
    files: { data: "whole\n" },
  },
  {
    kind: "failing",
    script: `echo part > $OUT/data; ${print(5)}; report end; exit 7`,
    lines: lines(5),
    files: { data: "part\n" },
    status: "Failed",
    reason: "exit code: 7",
  },
  { kind: "chatty", script: print(20_000), lines: lines(20_000), files: {} },
  {
    kind: "multi",
    script: `host=$(sed 's/.*"current_host":"\\([^"]*\\)".*/\\1/' <<<"$CONFIG"); ${print(10)}; sleep 0.5; echo $host > $OUT/$host`,
    instances: 2,
    lines: lines(10),
    files: { "algo-1": "algo-1\n", "algo-2": "algo-2\n" },
  },
  {
    kind: "continuous",
    mode: "Continuous",
    script: `for i in 1 2 3 4 5 6; do yes whole | head -n 2000 > $OUT/part-$i; echo line $i; sleep 0.2; done`,
    lines: lines(6),
    files: Object.fromEntries([1, 2, 3, 4, 5, 6].map((i) => [`part-${i}`, "whole\n".repeat(2000)])),
  },
  {
    kind: "large",
    script: `yes whole | head -n 200000 > $OUT/data; echo line 1`,
    lines: lines(1),
    files: { data: whole },
  },
  {
    kind: "stopped",
    script: `echo line 1; sleep 300`,
    lines: null,
    files: {},
    status: "Stopped",
    stop: true,
  },
  {
    kind: "limited",
    script: `echo line 1; sleep 300`,
    lines: lines(1),
    files: {},
    status: "Stopped",
    // long enough for a busy machine to get as far as the line
    maxSeconds: 15,
  },
];

/** Who started and who ended, as the programs themselves say. */
async function openLedger() {
  const started = new Map();
  const finished = new Map();
  const server = createServer((socket) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (more) => {
      text += more;
      if (!text.endsWith("\n")) return;
      const [what, job] = text.trim().split(" ");
      const book = what === "start" ? started : finished;
      book.set(job, (book.get(job) ?? 0) + 1);
      socket.end("ok\n");
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { started, finished, port: server.address().port, close: () => server.close() };
}

/** Creates a job, again and again while the service is down; a name in use means that an earlier try was accepted. */
async function submit(sagemaker, request) {
  for (;;) {
    try {
      await sagemaker.send(new CreateProcessingJobCommand(request));
      return;
    } catch (error) {
      if (error.name === "ResourceInUse") return;
      if (error.$metadata?.httpStatusCode !== undefined && error.$metadata.httpStatusCode < 500) throw error;
      await pause(50);
    }
  }
}

async function untilAnswered(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error.$metadata?.httpStatusCode !== undefined && error.$metadata.httpStatusCode < 500) throw error;
      await pause(100);
    }
  }
}

const ledger = await openLedger();
const random = randomOf(seed);
const served = await serve(["--max-instances", "8"]);
const clients = clientsOf(served);
const { sagemaker, s3, logs } = clients;
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
console.error(`crash test: ${jobs} jobs, at least ${kills} kills, seed ${seed}`);

const accepted = [];
async function submitAll() {
  for (let index = 0; index < jobs; index++) {
    const kind = KINDS[index % KINDS.length];
    const name = `${kind.kind}-${index}`;
    const report = `report() { exec 3<>/dev/tcp/127.0.0.1/${ledger.port} && echo "$1 ${name}" >&3 && read -r _ <&3; }`;
    const config = `CONFIG=$(tr -d ' \\n' </opt/ml/config/resourceconfig.json)`;
    const script = `${report}; ${config}; report start; ${kind.script}; report end`;
    const { mode, instances, maxSeconds } = kind;
    await submit(sagemaker, shellJob(name, { script, bucket: BUCKET, mode, instances, maxSeconds }));
    accepted.push({ name, ...kind });
    if (kind.stop === true)
      await untilAnswered(() => sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name })));
    await pause(random() * 100);
  }
}

let killed = 0;
let over = false;
async function killAgainAndAgain() {
  while (!over || killed < kills) {
    await pause(random() ** 2 * 2500);
    await served.kill();
    killed++;
    await served.start();
    if (killed % 20 === 0) console.error(`${killed} kills, ${accepted.length} jobs accepted`);
  }
}

/** Follows every job to its end while the kills go on. */
async function awaitAll() {
  await submitAll();
  for (const { name } of accepted) {
    for (;;) {
      const job = await untilAnswered(() =>
        sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name })),
      );
      if (["Completed", "Failed", "Stopped"].includes(job.ProcessingJobStatus)) break;
      if (killed >= kills) {
        over = true; // from here on nothing disturbs them: each must end by itself
        break;
      }
      await pause(100);
    }
    if (over) break;
  }
  over = true;
}

await Promise.all([killAgainAndAgain(), awaitAll()]);
console.error(`${killed} kills done; waiting for what still runs`);

const wrong = [];
const count = { lines: 0, files: 0 };
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function check({ name, kind, status = "Completed", reason, instances = 1, lines: printed, files }) {
  const complain = (what) => wrong.push(`${name}: ${what}`);
  let job;
  try {
    job = await ended(sagemaker, name, { seconds: 180 });
  } catch (error) {
    return complain(`${error.name}: ${error.message}`);
  }
  if (job.ProcessingJobStatus !== status)
    complain(`${job.ProcessingJobStatus} instead of ${status}: ${job.FailureReason}`);
  if (reason !== undefined && !job.FailureReason?.includes(reason))
    complain(`FailureReason ${job.FailureReason}`);
  const starts = ledger.started.get(name) ?? 0;
  const ends = ledger.finished.get(name) ?? 0;
  const mayNotHaveRun = kind === "stopped";
  if (starts !== instances && !(mayNotHaveRun && starts === 0)) complain(`${starts} starts of ${instances}`);
  if (status !== "Stopped" && ends !== instances) complain(`${ends} ends of ${instances}`);
  const streams = await linesOf(logs, name);
  if (printed !== null) {
    if (Object.keys(streams).length !== instances) complain(`log streams ${Object.keys(streams)}`);
    for (const [stream, found] of Object.entries(streams)) {
      count.lines += found.length;
      if (found.join("\n") !== printed.join("\n"))
        complain(`${stream} has ${found.length} lines of ${printed.length}, the last ${found.at(-1)}`);
    }
  }
  const keys = (await keysOf(s3, BUCKET, `${name}/`)).sort();
  if (keys.join() !== Object.keys(files).sort().join()) complain(`outputs ${keys}`);
  for (const key of keys) {
    count.files++;
    const bytes = await bytesOf(s3, BUCKET, `${name}/${key}`);
    if (digest(bytes) !== digest(files[key] ?? "")) complain(`output ${key} has ${bytes.length} bytes`);
  }
}

for (const job of accepted) await check(job);
let left = [];
for (let tries = 0; tries < 300; tries++) {
  left = (await readdir(`${served.data}/jobs`)).filter((name) => !name.startsWith("."));
  if (left.length === 0) break;
  await pause(200);
}
if (left.length > 0) wrong.push(`folders of ended jobs are left: ${left.slice(0, 5)}`);
for (const line of wrong) console.log(`✗ ${line}`);
console.log(
  `${wrong.length === 0 ? "✓" : "✗"} ${accepted.length} jobs, ${killed} kills, seed ${seed}: ${wrong.length} wrong; ` +
    `${count.lines} log lines and ${count.files} outputs compared`,
);
if (wrong.length > 0) console.error(served.said().slice(-4000));
clients.destroy();
ledger.close();
await served.close();
process.exitCode = wrong.length === 0 ? 0 : 1;
