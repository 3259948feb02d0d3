// Loaded with --import: leaves this process's peak memory and processor time as JSON in $FIELDMARK_RESOURCES_FILE.
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const { FIELDMARK_RESOURCES_FILE } = process.env;
if (isMainThread && FIELDMARK_RESOURCES_FILE !== undefined) {
  process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const used = { peakMegabytes: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
    writeFileSync(FIELDMARK_RESOURCES_FILE, JSON.stringify(used));
  });
}
