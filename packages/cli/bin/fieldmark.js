#!/usr/bin/env node
// A committed file, so that `npm ci` links the command before anything is built.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/run.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { run } = await import(main.href);
  await run();
} else {
  process.stderr.write("fieldmark: this checkout is not built yet; run `npm run build` first\n");
  process.exitCode = 1;
}
