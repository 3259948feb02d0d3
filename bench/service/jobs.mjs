// What the Processing API and its jobs cost.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  ListProcessingJobsCommand,
} from "@aws-sdk/client-sagemaker";
import { pause } from "../../scripts/serve.mjs";
import { ended, shellJob } from "../../scripts/shell-jobs.mjs";
import { goal, median } from "../programs.mjs";
import { callsOf } from "./calls.mjs";
import { cpuSecondsOf, megabytesOf } from "./process.mjs";

const BUCKET = "bench";
const bucketOf = async ({ clients }) => await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const percentile = (list, p) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];

/** Resolves with the moment at which a program first says something on this machine's loopback. */
async function firstWords() {
  let heard;
  // The connection itself is the sign: what is said on it may be lost when the program ends at once.
  const server = createServer((socket) => {
    heard?.(performance.now());
    socket.on("error", () => socket.destroy()).resume();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return {
    script: `exec 3<>/dev/tcp/127.0.0.1/${port}; echo now >&3`,
    next: () =>
      new Promise((done) => {
        heard = done;
      }),
    close: () => server.close(),
  };
}

/** CreateProcessingJob sent → first instruction of the user's program, beside the same program started by `sh -c`. */
export async function latency(ours, { runs, atMost }) {
  const listener = await firstWords();
  await bucketOf(ours);
  const times = { job: [], bare: [] };
  for (let run = 0; run <= runs; run++) {
    let heard = listener.next();
    let from = performance.now();
    const child = spawn("sh", ["-c", `bash -c '${listener.script}'`], { stdio: "ignore" });
    const bare = (await heard) - from;
    await new Promise((done) => child.on("close", done));
    heard = listener.next();
    from = performance.now();
    const request = shellJob(`latency-${run}`, { script: listener.script, bucket: BUCKET });
    await ours.clients.sagemaker.send(new CreateProcessingJobCommand(request));
    const job = (await heard) - from;
    await ended(ours.clients.sagemaker, `latency-${run}`, { every: 20 });
    if (run === 0) continue; // the first warms up
    times.bare.push(bare);
    times.job.push(job);
  }
  listener.close();
  const [job, bare] = [median(times.job), median(times.bare)];
  console.log(`  bare sh -c: ${bare.toFixed(1)} ms, p90 ${percentile(times.bare, 0.9).toFixed(1)} ms`);
  console.log(
    `  job: ${job.toFixed(1)} ms, p90 ${percentile(times.job, 0.9).toFixed(1)} ms; ${(job / bare).toFixed(1)} ×`,
  );
  goal("Create → first instruction, ms", job, { atMost }, 1);
}

/** Runs `call(i)` for i = 0 … count - 1 with so many at a time; milliseconds of each, and calls a second of all. */
export async function load(count, { clients }, call) {
  const times = [];
  let next = 0;
  const from = performance.now();
  const worker = async () => {
    for (let i = next++; i < count; i = next++) {
      const at = performance.now();
      await call(i);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: clients }, worker));
  return { times, rate: count / ((performance.now() - from) / 1000) };
}

/**
 * One kind of call, to each server in turn in every round; rates by server. `calls[name]` is what `callsOf` gave.
 *
 * @param {{ rounds: number, clients: number, count: (name: string) => number, call: (calls: object, round: number,
 *   i: number) => Promise<void> }} how
 */
export async function inTurn(servers, calls, { rounds, clients, count, call }) {
  const rates = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, { pid }] of Object.entries(servers)) {
      const [cpu, calling] = [cpuSecondsOf(pid()), calls[name]];
      const { rate, times } = await load(count(name), { clients }, (i) => call(calling, round, i));
      const used = ((cpuSecondsOf(pid()) - cpu) / count(name)) * 1000;
      rates[name].push(rate);
      console.log(
        `  round ${round + 1}: ${name}: ${rate.toFixed(0)}/s, p99 ${percentile(times, 0.99).toFixed(0)} ms, ${used.toFixed(2)} ms CPU each`,
      );
    }
  }
  return rates;
}

/** Prints how many times each peer's rate ours is, the median of the rounds. */
export function printRatios({ ours, ...peers }) {
  for (const [name, rates] of Object.entries(peers)) {
    const ratio = median(ours.map((rate, round) => rate / rates[round]));
    console.log(`  ÷ ${name}${name === "moto" ? " (in memory; it runs no job)" : ""}: ${ratio.toFixed(2)}`);
  }
}

/** Durable CreateProcessingJob/s with 32 clients, then DescribeProcessingJob/s; moto, in memory and running nothing, beside. */
export async function creates(ours, { moto }, { rounds, client }) {
  await bucketOf(ours);
  const servers = moto === undefined ? { ours } : { ours, moto };
  const calls = Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, callsOf(server, client)]),
  );
  const request = { script: "true", bucket: BUCKET };
  const name = (round, i) => `create-${round}-${i}`;
  const rates = await inTurn(servers, calls, {
    rounds,
    clients: 32,
    count: (server) => (server === "moto" ? 200 : 2000),
    call: async ({ create }, round, i) => await create(shellJob(name(round, i), request)),
  });
  goal("CreateProcessingJob/s, durable", median(rates.ours), { atLeast: 1000 }, 0);
  printRatios(rates);
  const described = await inTurn(servers, calls, {
    rounds,
    clients: 4,
    count: (server) => (server === "moto" ? 200 : 1000),
    call: async ({ describe }, round, i) => await describe(name(round, i % 200)),
  });
  console.log(`  DescribeProcessingJob: ${median(described.ours).toFixed(0)}/s`);
  printRatios(described);
  for (const { destroy } of Object.values(calls)) destroy();
}

/** Describe and List with many jobs recorded (most of them still queued, as one instance runs at a time). */
export async function reads(ours, { jobs }) {
  await bucketOf(ours);
  const { sagemaker } = ours.clients;
  const request = { script: "sleep 600", bucket: BUCKET };
  await load(jobs, { clients: 32 }, async (i) => {
    await sagemaker.send(new CreateProcessingJobCommand(shellJob(`read-${i}`, request)));
  });
  console.log(`  ${jobs} jobs recorded, service ${megabytesOf(ours.pid()).toFixed(0)} MB`);
  const name = (i) => `read-${(i * 7919) % jobs}`;
  const describe = await load(2000, { clients: 4 }, async (i) => {
    await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name(i) }));
  });
  const lists = [
    { MaxResults: 100 },
    { SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 100 },
    { SortBy: "Name", SortOrder: "Ascending", MaxResults: 100 },
    { StatusEquals: "InProgress", MaxResults: 100 },
    { StatusEquals: "Failed", MaxResults: 100 },
    { NameContains: "read-77", MaxResults: 100 },
    { CreationTimeAfter: new Date(Date.now() - 60_000), SortOrder: "Descending", MaxResults: 100 },
  ];
  const all = [];
  for (const query of lists) {
    const { times } = await load(200, { clients: 2 }, async () => {
      await sagemaker.send(new ListProcessingJobsCommand(query));
    });
    all.push(...times);
    console.log(`  List ${JSON.stringify(query)}: p99 ${percentile(times, 0.99).toFixed(1)} ms`);
  }
  goal("Describe p99, ms", percentile(describe.times, 0.99), { atMost: 20 }, 1);
  goal("List p99, ms", percentile(all, 0.99), { atMost: 50 }, 1);
}

/** Tiny jobs to the end: jobs a second, and the service's memory before, between and after. */
export async function tiny(ours, { jobs }) {
  await bucketOf(ours);
  const { sagemaker } = ours.clients;
  const [before, from] = [megabytesOf(ours.pid()), performance.now()];
  const memory = [];
  await load(jobs, { clients: 8 }, async (i) => {
    const request = shellJob(`tiny-${i}`, { script: "echo tiny", bucket: BUCKET, shell: "/bin/sh" });
    await sagemaker.send(new CreateProcessingJobCommand(request));
  });
  for (;;) {
    const page = await sagemaker.send(
      new ListProcessingJobsCommand({ StatusEquals: "InProgress", MaxResults: 1 }),
    );
    memory.push(megabytesOf(ours.pid()));
    if (page.ProcessingJobSummaries.length === 0) break;
    await pause(1000);
  }
  const seconds = (performance.now() - from) / 1000;
  let completed = 0;
  for (let NextToken; ; ) {
    const page = await sagemaker.send(
      new ListProcessingJobsCommand({ StatusEquals: "Completed", MaxResults: 100, NextToken }),
    );
    completed += page.ProcessingJobSummaries.length;
    NextToken = page.NextToken;
    if (NextToken === undefined) break;
  }
  const half = memory[Math.floor(memory.length / 2)];
  console.log(
    `  ${completed} of ${jobs} completed in ${seconds.toFixed(0)} s: ${(jobs / seconds).toFixed(1)}/s`,
  );
  console.log(
    `  service: ${before.toFixed(0)} MB before, ${half.toFixed(0)} MB half way, ${memory.at(-1).toFixed(0)} MB at the end`,
  );
  goal("memory at the end ÷ half way", memory.at(-1) / half, { atMost: 1.25 });
}
