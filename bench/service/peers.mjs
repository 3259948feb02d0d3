// S3 servers beside ours, each a process of its own on this machine; versitygw keeps objects in a folder, moto in memory.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { clientsOf, freePort, pause } from "../../scripts/serve.mjs";

const env = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "benchbench" };

async function started(program, words, more, port) {
  const child = spawn(program, words, { env: { ...process.env, ...more }, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    const up = await fetch(url).then(
      () => true,
      () => false,
    );
    if (up) {
      const clients = clientsOf({ url, env });
      return { url, env, clients, pid: () => child.pid, close: () => [clients.destroy(), child.kill()] };
    }
    await pause(100);
  }
  throw new Error(`${program} does not answer`);
}

export async function versitygw(program, folder) {
  const [root, port] = [join(folder, "versitygw"), await freePort()];
  await mkdir(root);
  const keys = { ROOT_ACCESS_KEY: env.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: env.AWS_SECRET_ACCESS_KEY };
  return await started(program, ["--port", `127.0.0.1:${port}`, "posix", root], keys, port);
}

export async function moto(python) {
  const port = await freePort();
  const words = ["-c", `from moto.server import main; main(["-H", "127.0.0.1", "-p", "${port}"])`];
  return await started(python, words, {}, port);
}
