// The S3 server alone, by requests made byte by byte: no SDK stands between, so that the server is what is measured.
//
//   node bench/storage-server.mjs [--versitygw BINARY] [--gigabytes 2] [--puts 3000] [--writers 16] [--rounds 3] [--folder DIR]
//
// One PutObject and one GetObject of a large object, then small durable PutObjects; each round asks both servers in turn.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { signRequest } from "@fieldmark/contract";
import { freePort, pause, serve } from "../scripts/serve.mjs";
import { goal, median, requireBuild } from "./programs.mjs";

const { values } = parseArgs({
  options: {
    versitygw: { type: "string" },
    gigabytes: { type: "string", default: "2" },
    puts: { type: "string", default: "3000" },
    writers: { type: "string", default: "16" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
  },
});
async function compare() {
  const folder = await mkdtemp(join(values.folder, "fieldmark-bench-"));
  const served = await serve();
  const ours = reached(served.url, served.env, served.pid());
  const servers = { ours };
  const peer =
    values.versitygw === undefined ? null : await startVersitygw(values.versitygw, join(folder, "versitygw"));
  if (peer !== null) servers.versitygw = peer.server;
  const results = new Map(Object.keys(servers).map((name) => [name, { in: [], out: [], puts: [] }]));
  try {
    for (const server of Object.values(servers)) await ask(server, "PUT", "/bench");
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, server] of Object.entries(servers)) {
        const result = results.get(name);
        const size = Number(values.gigabytes) * 2 ** 30;
        result.in.push(
          await rate(server.pid, size / 2 ** 20, () => ask(server, "PUT", "/bench/large", size)),
        );
        result.out.push(await rate(server.pid, size / 2 ** 20, () => ask(server, "GET", "/bench/large")));
        await ask(server, "DELETE", "/bench/large");
        result.puts.push(await rate(server.pid, Number(values.puts), () => smallPuts(server, round)));
        console.log(`  round ${round + 1}: ${name}: ${describe((way) => result[way].at(-1))}`);
      }
    }
    console.log(`  our peak memory: ${await peakMegabytes(served.pid())} MB`);
    for (const [name, result] of results)
      console.log(
        `  ${name}, medians: ${describe((way) => ({ rate: median(result[way].map((one) => one.rate)), cpu: median(result[way].map((one) => one.cpu)) }))}`,
      );
    const { puts } = results.get("ours");
    goal("durable PutObject/s, 16 clients", median(puts.map((one) => one.rate)), { atLeast: 500 }, 0);
    if (servers.versitygw === undefined) return;
    for (const way of ["in", "out"])
      goal(
        `rate ${way} ÷ versitygw's`,
        median(results.get("ours")[way].map((one, i) => one.rate / results.get("versitygw")[way][i].rate)),
        { atLeast: 0.8 },
      );
  } finally {
    for (const { agent } of Object.values(servers)) agent.destroy();
    peer?.child.kill();
    await served.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const words = (unit, { rate: of, cpu }) => `${of.toFixed(0)} ${unit} (${cpu.toFixed(1)} s CPU)`;
const describe = (of) =>
  `${words("MB/s in", of("in"))}, ${words("MB/s out", of("out"))}, ${words("puts/s", of("puts"))}`;

const reached = (url, env, pid) => ({
  pid,
  url,
  credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  agent: new Agent({ keepAlive: true, maxSockets: 64 }),
});

async function startVersitygw(program, root) {
  await mkdir(root);
  const port = await freePort();
  const key = "benchbenchbench";
  const env = { ...process.env, ROOT_ACCESS_KEY: key, ROOT_SECRET_KEY: key };
  const words = ["--port", `127.0.0.1:${port}`, "posix", root];
  const child = spawn(program, words, { env, stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    const answers = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answers)
      return {
        child,
        server: reached(url, { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: key }, child.pid),
      };
    await pause(100);
  }
  child.kill();
  throw new Error(`${program} does not answer`);
}

/** Amount a second, and seconds of the server's processor time. */
async function rate(pid, amount, action) {
  const [from, cpuFrom] = [performance.now(), await cpuSeconds(pid)];
  await action();
  return { rate: (amount / (performance.now() - from)) * 1000, cpu: (await cpuSeconds(pid)) - cpuFrom };
}

async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [user = Number.NaN, system = Number.NaN] = stat
    .slice(stat.lastIndexOf(")"))
    .split(" ")
    .slice(12, 14)
    .map(Number);
  return (user + system) / 100;
}

const BLOCK = Buffer.alloc(1 << 20, "b");

/** One request with an unsigned payload of `size` bytes; reads the answer to its end. */
function ask({ url, credentials, agent }, method, path, size = 0) {
  const { host, hostname, port } = new URL(url);
  const headers = { host, "content-length": String(size) };
  const signed = signRequest(
    { method, path, query: "", headers },
    { service: "s3", region: "us-east-1", credentials, now: new Date(), payload: "UNSIGNED-PAYLOAD" },
  );
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: signed.headers, agent }, (response) => {
      response
        .on("data", () => undefined)
        .on("end", () =>
          response.statusCode < 300
            ? resolve()
            : reject(new Error(`${method} ${path}: ${response.statusCode}`)),
        );
    });
    sent.on("error", reject);
    let left = size;
    const write = () => {
      while (left > 0) {
        const block = BLOCK.subarray(0, Math.min(left, BLOCK.length));
        left -= block.length;
        if (!sent.write(block)) return void sent.once("drain", write);
      }
      sent.end();
    };
    write();
  });
}

async function smallPuts(server, round) {
  let next = 0;
  const count = Number(values.puts);
  const writer = async () => {
    for (let i = next++; i < count; i = next++) await ask(server, "PUT", `/bench/${round}/${i}`, 4096);
  };
  await Promise.all(Array.from({ length: Number(values.writers) }, writer));
}

async function peakMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024);
}

requireBuild();
await compare();
