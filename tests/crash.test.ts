import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../scripts/crash-test.mjs", import.meta.url));

// Hundreds of kills: node scripts/crash-test.mjs --kills 300 --jobs 300
test("kill -9 at random moments: no job lost, doubled or stuck, logs and outputs whole", {
  timeout: 600_000,
}, async () => {
  const words = [SCRIPT, "--kills", "15", "--jobs", "45", "--seed", "1"];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(stdout).toMatch(/^✓ 45 jobs, \d+ kills, seed 1: 0 wrong/);
});
