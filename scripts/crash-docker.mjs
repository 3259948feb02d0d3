// Kills the service, the Docker daemon and containers at random moments while jobs run in containers, and counts what became
// of the jobs. The daemon is one of its own, so that nobody else's containers are hit.
//
//   node scripts/crash-docker.mjs [--kills 60] [--jobs 40] [--seed N]      (as root; the daemon of Docker's client has the image)
//
// In the end every accepted job must have ended and its program must not have been started twice. One that was completed has
// its lines and outputs whole; one that failed says that it was killed, or is of the kind that fails. Nothing of any job is
// left at the daemon. Prints what is wrong, then a summary; the exit code is 1 when anything is.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand, DescribeProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { SecondDaemon } from "../packages/service/dist/runtimes/docker/second-daemon.test.kit.js";
import { clientsOf, pause, serve } from "./serve.mjs";
import { bytesOf, ended, linesOf, shellJob } from "./shell-jobs.mjs";

const IMAGE = "debian:bookworm-slim";
const BUCKET = "crash";
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "60" },
    jobs: { type: "string", default: "40" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const [kills, jobs, seed] = [Number(values.kills), Number(values.jobs), Number(values.seed)];

/** mulberry32: the moments of the kills come again with the same seed. */
function randomOf(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = [
  { kind: "quick", count: 3, script: "for i in $(seq 3); do echo line $i; done" },
  { kind: "slow", count: 30, script: "for i in $(seq 30); do echo line $i; sleep .1; done" },
  { kind: "chatty", count: 5_000, script: "for i in $(seq 5000); do echo line $i; done" },
  {
    kind: "failing",
    count: 2,
    script: "echo line 1; echo line 2; echo whole > $OUT/data; exit 7",
    fails: true,
  },
];
const linesFor = (count) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

/** Why a job may fail here: its container or its daemon was killed. */
const KILLED = /exit code: (?:137|143|255|128)|disappeared|gone|lost|daemon|container/i;

/** Asks until the service answers; null for what it refuses. */
async function untilAnswered(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const status = error.$metadata?.httpStatusCode;
      if (error.name === "ResourceInUse") return null;
      if (status !== undefined && status < 500) throw error;
      await pause(100);
    }
  }
}

async function submitAll(sagemaker) {
  for (let index = 0; index < jobs; index += 1) {
    const { kind, script } = KINDS[index % KINDS.length];
    const request = shellJob(`${kind}-${index}`, {
      script: `echo start >> $OUT/starts; ${script}; echo whole > $OUT/data`,
      bucket: BUCKET,
      isolated: index % 3 === 0,
    });
    request.AppSpecification.ImageUri = IMAGE;
    await untilAnswered(() => sagemaker.send(new CreateProcessingJobCommand(request)));
    await pause(50);
  }
}

async function killAll({ service, daemon, random }) {
  const counts = { service: 0, daemon: 0, container: 0 };
  for (let kill = 0; kill < kills; kill += 1) {
    await pause(200 + random() * 2_500);
    const what = ["service", "container", "daemon"][Math.floor(random() * 3)];
    if (what === "service") {
      await service.kill();
      await pause(random() * 300);
      await service.start();
    } else if (what === "daemon") {
      await daemon.kill();
      await pause(random() * 300);
      await daemon.start();
    } else {
      const running = await daemon.docker.listContainers();
      const hit = running[Math.floor(random() * running.length)];
      if (hit === undefined) continue;
      // it may have ended meanwhile
      await daemon.docker
        .getContainer(hit.Id)
        .kill()
        .catch(() => undefined);
    }
    counts[what] += 1;
  }
  return counts;
}

async function inspect({ sagemaker, s3, logs }, index, wrong) {
  const { kind, count, fails } = KINDS[index % KINDS.length];
  const name = `${kind}-${index}`;
  const { ProcessingJobStatus: status } = await ended(sagemaker, name);
  const { FailureReason: reason = "" } = await sagemaker.send(
    new DescribeProcessingJobCommand({ ProcessingJobName: name }),
  );
  const read = async (file) =>
    await bytesOf(s3, BUCKET, `${name}/${file}`).then(String, (error) =>
      error.name === "NoSuchKey" ? "" : Promise.reject(error),
    );
  const starts = await read("starts");
  if (starts !== "start\n" && starts !== "")
    wrong.push(`${name}: started ${starts.split("\n").length - 1} times`);
  if (fails === true && reason.includes("exit code: 7")) return status;
  if (status === "Failed") {
    if (!KILLED.test(reason)) wrong.push(`${name}: failed for another reason: ${reason}`);
    return status;
  }
  if (status !== "Completed" || fails === true) wrong.push(`${name}: is ${status}`);
  if ((await read("data")) !== "whole\n") wrong.push(`${name}: its output is not whole`);
  const [printed = []] = Object.values(await linesOf(logs, name));
  if (printed.join() !== linesFor(count).join())
    wrong.push(`${name}: its log has ${printed.length} lines, expected ${count}`);
  return status;
}

async function left(docker) {
  const filters = { label: ["fieldmark.job"] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return [
    ...containers.map(({ Names }) => Names[0]),
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...networks.map(({ Name }) => Name),
  ];
}

const daemon = await SecondDaemon.open();
let service;
try {
  execFileSync("sh", ["-c", `docker save ${IMAGE} | docker -H unix://${daemon.socketPath} load`], {
    stdio: "pipe",
  });
  process.env.DOCKER_HOST = `unix://${daemon.socketPath}`;
  service = await serve(["--runtime", "docker", "--max-instances", "6"]);
  const clients = clientsOf(service);
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const [counts] = await Promise.all([
    killAll({ service, daemon, random: randomOf(seed) }),
    submitAll(clients.sagemaker),
  ]);
  const wrong = [];
  const ends = {};
  for (let index = 0; index < jobs; index += 1) {
    const status = await inspect(clients, index, wrong);
    ends[status] = (ends[status] ?? 0) + 1;
  }
  for (let tries = 0; tries < 50 && (await left(daemon.docker)).length > 0; tries += 1) await pause(200);
  for (const name of await left(daemon.docker)) wrong.push(`${name}: is left behind`);
  for (const line of wrong) console.error(line);
  const mark = wrong.length === 0 ? "✓" : "✗";
  console.log(
    `${mark} ${jobs} jobs, seed ${seed}: ${wrong.length} wrong; killed ${JSON.stringify(counts)}, ended ${JSON.stringify(ends)}`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await service?.close();
  await daemon[Symbol.asyncDispose]();
}
