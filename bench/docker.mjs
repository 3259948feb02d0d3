// node bench/docker.mjs: CreateProcessingJob → first instruction of a container, beside `docker run` of the same image.
//
//   node bench/docker.mjs [--image debian:bookworm-slim] [--runs 30]
//
// In turn, on one daemon and one network: the program connects to this machine at the network's gateway, which is the
// moment that counts. One job has no input, as `docker run` has none; the other has 100 objects, linked below an overlay.
import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { clientsOf, serve } from "../scripts/serve.mjs";
import { ended, shellJob } from "../scripts/shell-jobs.mjs";
import { goal, median, requireBuild } from "./programs.mjs";

const { values } = parseArgs({
  options: {
    image: { type: "string", default: "debian:bookworm-slim" },
    runs: { type: "string", default: "30" },
  },
});
const BUCKET = "bench";
requireBuild();

let heard;
const server = createServer((socket) => {
  heard?.(performance.now());
  socket.on("error", () => socket.destroy()).resume();
});
await new Promise((done) => server.listen(0, "0.0.0.0", done));
const first = () =>
  new Promise((done) => {
    heard = done;
  });
const script = (gateway) => `exec 3<>/dev/tcp/${gateway}/${server.address().port}; echo now >&3`;

const gatewayOf = async (network) => {
  const words = ["network", "inspect", network, "--format", "{{(index .IPAM.Config 0).Gateway}}"];
  return (await promisify(execFile)("docker", words)).stdout.trim();
};

async function dockerRun(gateway) {
  const next = first();
  const from = performance.now();
  const words = ["run", "--rm", "--network", network, values.image, "/bin/bash", "-c", script(gateway)];
  const child = spawn("docker", words, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = new Promise((done, fail) => {
    child.on("close", (code) => (code === 0 ? done() : fail(new Error(`docker run ended with ${code}`))));
  });
  const [time] = await Promise.all([next.then((at) => at - from), exited]);
  return time;
}

async function job({ sagemaker }, { name, gateway, inputs }) {
  const request = shellJob(name, { script: script(gateway), bucket: BUCKET });
  request.AppSpecification.ImageUri = values.image;
  const S3Input = {
    S3Uri: `s3://${BUCKET}/in`,
    LocalPath: "/opt/ml/processing/input",
    S3DataType: "S3Prefix",
    S3InputMode: "File",
  };
  const next = first();
  const from = performance.now();
  const ProcessingInputs = inputs ? [{ InputName: "in", S3Input }] : [];
  await sagemaker.send(new CreateProcessingJobCommand({ ...request, ProcessingInputs }));
  const [time] = await Promise.all([next.then((at) => at - from), completed(sagemaker, name)]);
  return time;
}

async function completed(sagemaker, name) {
  const { ProcessingJobStatus, FailureReason } = await ended(sagemaker, name, { every: 20 });
  if (ProcessingJobStatus !== "Completed") throw new Error(`${name}: ${FailureReason}`);
}

const served = await serve(["--runtime", "docker"]);
const clients = clientsOf(served);
const network = `fieldmark-${(await readFile(join(served.data, "service-id"), "utf8")).trim()}`;
try {
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (let i = 0; i < 100; i++)
    await clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `in/${i}`, Body: `${i}` }));
  const gateway = await gatewayOf(network);
  const times = { run: [], job: [], inputs: [] };
  for (let run = 0; run <= Number(values.runs); run++) {
    const bare = await dockerRun(gateway);
    const plain = await job(clients, { name: `bench-${run}`, gateway, inputs: false });
    const filled = await job(clients, { name: `bench-inputs-${run}`, gateway, inputs: true });
    if (run === 0) continue; // the first warms up
    times.run.push(bare);
    times.job.push(plain);
    times.inputs.push(filled);
  }
  const [bare, plain, filled] = [median(times.run), median(times.job), median(times.inputs)];
  console.log(
    `  docker run: ${bare.toFixed(0)} ms; job: ${plain.toFixed(0)} ms; with 100 inputs: ${filled.toFixed(0)} ms (medians of ${values.runs})`,
  );
  goal("Create → first instruction ÷ docker run", plain / bare, { atMost: 1.15 }, 2);
  console.log(`  with 100 inputs ÷ docker run: ${(filled / bare).toFixed(2)}`);
} finally {
  clients.destroy();
  await served.close();
  server.close();
}
