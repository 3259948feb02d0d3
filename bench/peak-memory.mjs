// Loaded with --import: leaves this process's peak memory in kilobytes in $FIELDMARK_PEAK_FILE.
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const { FIELDMARK_PEAK_FILE } = process.env;
if (isMainThread && FIELDMARK_PEAK_FILE !== undefined) {
  process.on("exit", () => writeFileSync(FIELDMARK_PEAK_FILE, String(process.resourceUsage().maxRSS)));
}
