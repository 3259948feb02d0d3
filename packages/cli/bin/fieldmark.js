#!/usr/bin/env node
// A committed file, so that `npm ci` links the command before anything is built. It is CommonJS, which Node loads without
// its thread pool: the pool's size is fixed at its first use.
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

// The service waits for the disk in the pool. Node's 4 threads would be 4 fsyncs at a time, with every other file behind.
if (process.argv[2] === "serve") process.env.UV_THREADPOOL_SIZE ??= "16";

const main = join(__dirname, "..", "dist", "run.js");
if (existsSync(main)) {
  void import(pathToFileURL(main).href).then(({ run }) => run());
} else {
  process.stderr.write("fieldmark: this checkout is not built yet; run `npm run build` first\n");
  process.exitCode = 1;
}
