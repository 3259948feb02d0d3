import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { Duplex } from "node:stream";
import Docker from "dockerode";
import { type DockerEndpoint, dockerEndpoint } from "./docker-endpoint.ts";

/** ms that a daemon has for its first answer */
const ANSWER_MS = 1_000;
/** Connections of one client kept for the next request. */
const IDLE_CONNECTIONS = 16;

/** A client of a daemon that may be there or not. */
export interface DockerConnection {
  readonly docker: Docker;
  readonly endpoint: DockerEndpoint;
}

/**
 * A client of the daemon that these variables name; connects to nothing yet.
 *
 * @throws DOCKER_SETTINGS
 */
export async function openDocker(
  env: Readonly<Record<string, string | undefined>>,
): Promise<DockerConnection> {
  const endpoint = await dockerEndpoint(env);
  return { endpoint, docker: clientOf(endpoint) };
}

/**
 * The daemon that these variables name, where it answers within a second; else null.
 *
 * @throws DOCKER_SETTINGS
 */
export async function connectDocker(
  env: Readonly<Record<string, string | undefined>>,
): Promise<DockerConnection | null> {
  const connection = await openDocker(env);
  return (await answers(connection.docker)) ? connection : null;
}

/** Whether the daemon answers within a second. */
export async function answers(docker: Docker): Promise<boolean> {
  // its types lack the signal, which it passes on
  const ping = docker.ping as (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
  return await ping.call(docker, { abortSignal: AbortSignal.timeout(ANSWER_MS) }).then(
    () => true,
    () => false,
  );
}

/** dockerode takes from its surroundings what it is not told: here it is told everything. */
function clientOf({ url, tls }: DockerEndpoint): Docker {
  const none = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  const options = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS };
  if (url.startsWith("unix://")) {
    const socketPath = url.slice("unix://".length);
    return new Docker(given({ ...none, socketPath, protocol: "http", agent: new Agent(options) }));
  }
  if (url.startsWith("ssh://")) {
    const agent = new SshAgent(new URL(url));
    return new Docker(given({ ...none, host: "docker", port: 80, protocol: "http", agent }));
  }
  const { protocol, hostname, port } = new URL(url.replace(/^tcp:/, tls === null ? "http:" : "https:"));
  const isTls = protocol === "https:";
  const pem = {
    ...(tls?.ca == null ? {} : { ca: tls.ca }),
    ...(tls?.cert == null ? {} : { cert: tls.cert }),
    ...(tls?.key == null ? {} : { key: tls.key }),
  };
  const agent = isTls
    ? new TlsAgent({ ...options, ...pem, rejectUnauthorized: tls?.verify ?? true })
    : new Agent(options);
  return new Docker(
    given({
      ...none,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (isTls ? 2376 : 2375) : Number(port),
      protocol: isTls ? "https" : "http",
      agent,
    }),
  );
}

/** The types of dockerode know no `undefined` that is said; its code does. */
const given = (options: object): Docker.DockerOptions => options as Docker.DockerOptions;

/** Connections as Docker's client makes them: the user's ssh, with its keys and settings, runs `docker system dial-stdio`. */
class SshAgent extends Agent {
  readonly #words: readonly string[];

  constructor({ username, hostname, port }: URL) {
    super({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS });
    this.#words = [
      ...(username === "" ? [] : ["-l", decodeURIComponent(username)]),
      ...(port === "" ? [] : ["-p", port]),
      "-o",
      "ConnectTimeout=30",
      "-T",
      "--",
      hostname,
      "docker",
      "system",
      "dial-stdio",
    ];
  }

  override createConnection(): Duplex {
    const ssh = spawn("ssh", this.#words, { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    ssh.stderr.on("data", (bytes: Buffer) => {
      said = `${said}${bytes.toString()}`.slice(-1_000);
    });
    const stream = Duplex.from({ readable: ssh.stdout, writable: ssh.stdin });
    const fail = (reason: string) =>
      stream.destroy(Object.assign(new Error(`ssh: ${reason}`), { code: "ECONNREFUSED" }));
    ssh.once("error", ({ message }) => fail(message));
    ssh.once("exit", (code) => {
      if (code !== 0 && code !== null) fail(said.trim() || `exit code ${code}`);
    });
    stream.once("close", () => ssh.kill());
    // what http.Agent asks of a socket
    return Object.assign(stream, {
      setKeepAlive: () => stream,
      setNoDelay: () => stream,
      setTimeout: () => stream,
      ref: () => stream,
      unref: () => stream,
    });
  }
}
