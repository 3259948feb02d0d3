import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";

const SCRIPT = fileURLToPath(new URL("../scripts/crash-docker.mjs", import.meta.url));
const what = "kills of the service, a daemon of its own and containers";
const here =
  process.getuid?.() === 0 && (await dockerOrSkip(what)) && (await imageOrSkip("debian:bookworm-slim", what));

// Many more: node scripts/crash-docker.mjs --kills 60 --jobs 40
test.skipIf(!here)(
  "service, daemon and containers killed at random: no job lost, doubled or stuck",
  {
    timeout: 600_000,
  },
  async () => {
    const words = [SCRIPT, "--kills", "5", "--jobs", "6", "--seed", "3"];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    expect(stdout).toMatch(/^✓ 6 jobs, seed 3: 0 wrong/m);
  },
);
