// The S3 server alone, by requests made byte by byte: no SDK stands between, so that the server is what is measured.
//
//   node bench/storage-server.mjs [--versitygw BINARY] [--gigabytes 2] [--puts 3000] [--writers 16] [--rounds 3] [--folder DIR]
//
// One PutObject and one GetObject of a large object, then small durable PutObjects; each round asks both servers in turn.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "../scripts/serve.mjs";
import { goal, median, requireBuild } from "./programs.mjs";
import { leanClient } from "./service/calls.mjs";
import { versitygw } from "./service/peers.mjs";
import { cpuSecondsOf, peakMegabytesOf } from "./service/process.mjs";

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
  const peer = values.versitygw === undefined ? null : await versitygw(values.versitygw, folder);
  const servers = { ours: reached(served), ...(peer === null ? {} : { versitygw: reached(peer) }) };
  const results = new Map(Object.keys(servers).map((name) => [name, { in: [], out: [], puts: [] }]));
  try {
    for (const { ask } of Object.values(servers)) await ask("PUT", "/bench");
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, server] of Object.entries(servers)) {
        const result = results.get(name);
        const size = Number(values.gigabytes) * 2 ** 30;
        const { ask } = server;
        result.in.push(await rate(server.pid, size / 2 ** 20, () => ask("PUT", "/bench/large", size)));
        result.out.push(await rate(server.pid, size / 2 ** 20, () => ask("GET", "/bench/large")));
        await ask("DELETE", "/bench/large");
        result.puts.push(await rate(server.pid, Number(values.puts), () => smallPuts(server, round)));
        console.log(`  round ${round + 1}: ${name}: ${describe((way) => result[way].at(-1))}`);
      }
    }
    console.log(`  our peak memory: ${peakMegabytesOf(served.pid()).toFixed(0)} MB`);
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
    for (const { destroy } of Object.values(servers)) destroy();
    peer?.close();
    await served.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const words = (unit, { rate: of, cpu }) => `${of.toFixed(0)} ${unit} (${cpu.toFixed(1)} s CPU)`;
const describe = (of) =>
  `${words("MB/s in", of("in"))}, ${words("MB/s out", of("out"))}, ${words("puts/s", of("puts"))}`;

function reached(server) {
  const { ask, destroy } = leanClient(server);
  return {
    pid: server.pid(),
    ask: async (method, path, body = 0) => await ask("s3", method, path, { body }),
    destroy,
  };
}

/** Amount a second, and seconds of the server's processor time. */
async function rate(pid, amount, action) {
  const [from, cpuFrom] = [performance.now(), cpuSecondsOf(pid)];
  await action();
  return { rate: (amount / (performance.now() - from)) * 1000, cpu: cpuSecondsOf(pid) - cpuFrom };
}

async function smallPuts(server, round) {
  let next = 0;
  const count = Number(values.puts);
  const writer = async () => {
    for (let i = next++; i < count; i = next++) await server.ask("PUT", `/bench/${round}/${i}`, 4096);
  };
  await Promise.all(Array.from({ length: Number(values.writers) }, writer));
}

requireBuild();
await compare();
