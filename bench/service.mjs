// node bench/service.mjs: the Processing service and its S3 server beside bare processes, versitygw and moto's server.
//
//   node bench/service.mjs [--only latency,creates,reads,tiny,puts,large] [--rounds 5]
//     [--versitygw BINARY] [--python PYTHON with moto[server]] [--jobs 100000] [--tiny 10000] [--gigabytes 2]
//     [--client lean|sdk] [--user NAME] [--without PROGRAM]
//
// Peers that are not named are left out. --client: who calls in `creates` and `puts`. --user, where this is root: the
// service runs as this ordinary user. --without bwrap: jobs are sandboxed by unshare alone. bench/README.md says what each
// part measures.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clientsOf, serve } from "../scripts/serve.mjs";
import { requireBuild } from "./programs.mjs";
import { creates, latency, reads, tiny } from "./service/jobs.mjs";
import { large, puts } from "./service/objects.mjs";
import { moto, versitygw } from "./service/peers.mjs";
import { startedAs } from "./service/started-as.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "latency,creates,reads,tiny,puts,large" },
    rounds: { type: "string", default: "5" },
    versitygw: { type: "string" },
    python: { type: "string" },
    jobs: { type: "string", default: "100000" },
    tiny: { type: "string", default: "10000" },
    gigabytes: { type: "string", default: "2" },
    client: { type: "string", default: "lean" },
    user: { type: "string" },
    without: { type: "string" },
  },
});
requireBuild();
const rounds = Number(values.rounds);
const { client } = values;
const parts = {
  latency: async ({ ours }) =>
    await latency(ours, { runs: rounds * 10, atMost: values.without === "bwrap" ? 100 : 60 }),
  creates: async ({ ours, peers }) => await creates(ours, peers, { rounds, client }),
  reads: async ({ ours }) => await reads(ours, { jobs: Number(values.jobs) }),
  tiny: async ({ ours }) => await tiny(ours, { jobs: Number(values.tiny) }),
  puts: async ({ ours, peers }) => await puts(ours, peers, { rounds, client }),
  large: async ({ ours, peers, folder }) =>
    await large(ours, peers, { rounds: Math.min(rounds, 3), gigabytes: Number(values.gigabytes), folder }),
};

const folder = await mkdtemp(join(tmpdir(), "fieldmark-bench-"));
const how = await startedAs(values, folder);
const peers = {};
if (values.versitygw !== undefined) peers.versitygw = await versitygw(values.versitygw, folder);
if (values.python !== undefined) peers.moto = await moto(values.python);
try {
  for (const name of values.only.split(",")) {
    console.log(`\n${name}`);
    // A service of its own for each part, so that none meets what another left.
    const served = await serve(name === "reads" ? ["--max-instances", "1"] : [], how);
    const ours = { ...served, clients: clientsOf(served) };
    await parts[name]({ ours, peers, folder });
    ours.clients.destroy();
    await served.close();
  }
} finally {
  for (const peer of Object.values(peers)) peer.close();
  await rm(folder, { recursive: true, force: true });
}
