// node bench/jobs-store.mjs [--jobs 100000] [--folder DIR]: the job store alone, without HTTP.
//
// Creates with durable commits (32 at a time, as 32 clients would), then pages and reads with that many jobs recorded,
// then whole lives of jobs. Prints what it measured; nothing is kept.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSqliteJobStore } from "../packages/service/dist/store/sqlite/sqlite-job-store.js";

const { values } = parseArgs({
  options: { jobs: { type: "string", default: "100000" }, folder: { type: "string", default: tmpdir() } },
});
const jobs = Number(values.jobs);
const folder = await mkdtemp(join(values.folder, "fieldmark-bench-"));
const store = openSqliteJobStore(join(folder, "jobs.sqlite"), {
  random: (limit) => Math.floor(Math.random() * limit),
});

const request = {
  ProcessingResources: {
    ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 30 },
  },
  AppSpecification: {
    ImageUri: "fieldmark/evaluator",
    ContainerEntrypoint: ["python3", "/opt/ml/processing/input/x.py"],
  },
  Environment: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`VARIABLE_${i}`, "x".repeat(60)])),
};
let clock = 1_700_000_000_000;
let made = 0;

function insert() {
  const name = `bench-${(made * 7919) % 1_000_003}-${made++}`;
  clock += made % 3;
  return store.insert({
    name,
    arn: `arn:aws:sagemaker:us-east-1:123456789012:processing-job/${name}`,
    request: { ProcessingJobName: name, ...request },
    instanceCount: 1,
    createdAt: clock,
    sessionKeys: {
      accessKeyId: `ASIA${made}`,
      secretAccessKey: "s".repeat(40),
      sessionToken: "t".repeat(128),
    },
    tags: [],
  });
}

/** Runs `work` until `count` are done, `width` at a time; times of each in milliseconds. */
async function spread(count, width, work) {
  const times = [];
  let left = count;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
        await new Promise(setImmediate);
      }
    }),
  );
  return times.sort((a, b) => a - b);
}

async function print(what, count, width, work) {
  const start = performance.now();
  const times = await spread(count, width, work);
  const seconds = (performance.now() - start) / 1000;
  const at = (share) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(2).padStart(8);
  console.log(
    `${what.padEnd(58)} ${Math.round(count / seconds)
      .toString()
      .padStart(7)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  );
}

async function life() {
  clock += 1;
  const lease = { owner: "bench", now: clock, until: clock + 60_000 };
  const { id } = await store.claim(lease, 1);
  for (const phase of ["staging", "starting", "running", "uploading"]) {
    await store.move({ id, owner: "bench", at: clock, phase });
  }
  const status = id.charCodeAt(id.length - 1) % 50 === 0 ? "Failed" : "Completed";
  await store.move({ id, owner: "bench", at: clock, phase: "ended", status });
}

try {
  await print("create, one at a time", Math.min(1_000, jobs), 1, insert);
  await print("create, 32 at a time", jobs, 32, insert);
  await print("claim, 5 moves, 32 jobs at a time", Math.floor(jobs * 0.9), 32, life);
  const { name } = (await store.list({ sortBy: "CreationTime", sortOrder: "Ascending", limit: 1 })).jobs[0];
  await print("get", 5_000, 1, () => store.get(name));
  const half = clock - Math.floor(jobs / 2);
  for (const sortBy of ["CreationTime", "Name", "Status"]) {
    for (const sortOrder of ["Ascending", "Descending"]) {
      for (const [what, filter] of [
        ["", {}],
        [", Completed", { status: "Completed" }],
        [", Failed", { status: "Failed" }],
        [", name contains -5", { nameContains: "-5" }],
        [", name contains nothing there", { nameContains: "none" }],
        [", created after the middle", { createdAfter: 1_700_000_000_000 + Math.floor(jobs / 2) }],
        [", modified after the middle", { modifiedAfter: half }],
        [", modified in the last moment", { modifiedAfter: clock - 10 }],
        [
          ", Completed, created after the middle",
          { status: "Completed", createdAfter: 1_700_000_000_000 + Math.floor(jobs / 2) },
        ],
      ]) {
        await print(`list ${sortBy} ${sortOrder}${what}`, 60, 1, () =>
          store.list({ sortBy, sortOrder, limit: 100, ...filter }),
        );
      }
    }
  }
} finally {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
}
