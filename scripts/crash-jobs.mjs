// node scripts/crash-jobs.mjs [--kills 300] [--jobs 4] [--folder DIR]: kills the controller with SIGKILL at random points,
// over one store, lets the last one finish, and says whether a job was lost, started twice, left stuck or not uploaded.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crashJobs } from "../packages/service/dist/jobs/crash-jobs.test.kit.js";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    jobs: { type: "string", default: "4" },
    folder: { type: "string", default: tmpdir() },
  },
});
const folder = await mkdtemp(join(values.folder, "fieldmark-crash-"));
const { faults, ...counts } = await crashJobs({
  folder,
  kills: Number(values.kills),
  jobsPerRun: Number(values.jobs),
  random: Math.random,
  service: new URL("../packages/service/dist/jobs/crash-service.test.kit.js", import.meta.url).href,
});
console.log(JSON.stringify(counts));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
await rm(folder, { recursive: true });
