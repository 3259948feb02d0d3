import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** The user whom the registry knows, and her password as htpasswd writes it (bcrypt). */
export const USER = { username: "ada", password: "secret" } as const;
const HTPASSWD = "ada:$2y$04$VpMA8qy4o4FlmNObFmmlOO/uyhE5Ip5TXCI9GOfdXb4QFqD0wOhWO";

/** Debian's package docker-registry; where it is not installed a line says what is skipped. */
export const hasRegistry: boolean = isInstalled();

function isInstalled(): boolean {
  if (spawnSync("docker-registry", ["--version"]).error === undefined) return true;
  process.stdout.write("skipped: pulls from a registry (docker-registry is not installed)\n");
  return false;
}

/** A registry of the reference implementation on a loopback address, which daemons speak to without TLS. */
export class Registry implements AsyncDisposable {
  readonly host: string;
  readonly #folder: string;
  readonly #server: ChildProcess;

  private constructor(host: string, folder: string, server: ChildProcess) {
    this.host = host;
    this.#folder = folder;
    this.#server = server;
  }

  static async open(): Promise<Registry> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmark-registry-"));
    const host = `127.0.0.1:${await freePort()}`;
    await writeFile(join(folder, "htpasswd"), `${HTPASSWD}\n`);
    const config = {
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      http: { addr: host },
      auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } },
    };
    // JSON is YAML
    await writeFile(join(folder, "config.yml"), JSON.stringify(config));
    const server = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
    const registry = new Registry(host, folder, server);
    while (!(await answers(host))) await pause(20);
    return registry;
  }

  /** A DOCKER_CONFIG as `docker login` leaves it. */
  async configWith({
    username,
    password,
  }: {
    readonly username: string;
    readonly password: string;
  }): Promise<string> {
    const folder = await mkdtemp(join(this.#folder, "config-"));
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    await writeFile(join(folder, "config.json"), JSON.stringify({ auths: { [this.host]: { auth } } }));
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#server.once("exit", resolve));
    this.#server.kill("SIGKILL");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function answers(host: string): Promise<boolean> {
  return await fetch(`http://${host}/v2/`).then(
    ({ status }) => status === 401,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
