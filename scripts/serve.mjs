// Starts `fieldmark serve` for tests, benchmarks, the crash test and the soak, and makes clients for it.
import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";

const CLI = fileURLToPath(new URL("../packages/cli/bin/fieldmark.js", import.meta.url));
const execute = promisify(execFile);

/** The surroundings of a person who has no AWS settings. */
function surroundings() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));
}

/** Runs one command of `fieldmark` to its end; its stdout. */
export async function fieldmark(...words) {
  const { stdout } = await execute(process.execPath, [CLI, ...words], {
    env: surroundings(),
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** Below the ports that systems give to clients: nobody is given it before the service listens, or while it restarts. */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true));
    });
    await new Promise((done) => server.close(done));
    if (isFree) return port;
  }
}

export async function pause(milliseconds) {
  await new Promise((done) => setTimeout(done, milliseconds));
}

/** True when anything that speaks HTTP answers there, whatever its status. */
async function answers(url) {
  return await fetch(url).then(
    () => true,
    () => false,
  );
}

/**
 * One service in a process of its own, with a new data folder in the home folder, where a person's is. It may be killed
 * and started again on the same folder and port.
 *
 * @param {readonly string[]} words further words of the command line; instances are processes unless they say otherwise
 * @param {{ setup?: (data: string) => Promise<void>, prefix?: readonly string[], home?: string }} options `setup` runs before
 *   the first start; `prefix` is a program that starts it (`taskset -c 0`); `home` is another home folder
 */
export async function serve(words = [], options = {}) {
  const data = await mkdtemp(join(options.home ?? homedir(), ".fieldmark-test-"));
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const url = `http://${listen}`;
  let child;
  let output = "";

  async function start() {
    const all = [
      process.execPath,
      CLI,
      "serve",
      "--data",
      data,
      "--listen",
      listen,
      "--runtime",
      "process",
      ...words,
    ];
    const [program, ...rest] = [...(options.prefix ?? []), ...all];
    child = spawn(program, rest, { env: surroundings(), stdio: ["ignore", "pipe", "pipe"], detached: true });
    const started = child;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-100_000);
      });
    }
    while (!(await answers(url))) {
      if (started.exitCode !== null || started.signalCode !== null)
        throw new Error(`fieldmark serve ended with ${started.exitCode ?? started.signalCode}: ${output}`);
      await pause(20);
    }
  }

  async function end(signal) {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((done) => ending.once("exit", done));
    ending.kill(signal);
    await ended;
  }

  /** SIGTERM, then removes the data folder. */
  async function close() {
    await end("SIGTERM");
    await rm(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  }

  async function begin() {
    await options.setup?.(data);
    await start();
    return JSON.parse(await fieldmark("env", "--data", data, "--listen", listen, "--format", "json"));
  }

  const env = await begin().catch(async (error) => {
    await close();
    throw error;
  });
  return {
    url,
    data,
    /** What `fieldmark env` prints: endpoint, region, keys … */
    env,
    pid: () => child?.pid,
    /** The end of what the service printed since its first start. */
    said: () => output,
    /** kill -9 of the service alone; its jobs' processes are left as they are. */
    kill: async () => await end("SIGKILL"),
    stop: async () => await end("SIGTERM"),
    start,
    close,
  };
}

/** Clients that show the first answer: no retries. */
export function clientsOf({ url, env }) {
  const settings = {
    endpoint: url,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    maxAttempts: 1,
  };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const [sagemaker, logs] = [new SageMakerClient(settings), new CloudWatchLogsClient(settings)];
  return { sagemaker, s3, logs, destroy: () => [sagemaker, s3, logs].map((client) => client.destroy()) };
}
