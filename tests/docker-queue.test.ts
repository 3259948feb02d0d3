import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";

const SCRIPT = fileURLToPath(new URL("../bench/docker-queue.mjs", import.meta.url));
const what = "more jobs in containers than may run at once";
const here = (await dockerOrSkip(what)) && (await imageOrSkip("debian:bookworm-slim", what));

// Many more: node bench/docker-queue.mjs --jobs 200
test.skipIf(!here)(
  "queued jobs of one and two instances all end, and leave no container, network, volume or folder",
  { timeout: 300_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, "--jobs", "12"]);
    expect(stdout).toMatch(/^✓ 12 jobs in .*: 0 wrong/m);
  },
);
