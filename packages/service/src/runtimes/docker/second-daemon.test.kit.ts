import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Docker from "dockerode";

/** Whether a daemon of the test's own can be started here. */
export function mayStartDaemon(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v dockerd openssl unshare"], { stdio: "ignore" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/**
 * A daemon with a place of its own, which does not see the folder `here`: for it, this machine is another one. Its network
 * is its own too: a second daemon in the machine's network would take the bridge of the machine's own daemon away. Its
 * containers reach nobody.
 */
export class SecondDaemon implements AsyncDisposable {
  readonly folder: string;
  /** What it does not see: a test's files. */
  readonly here: string;
  readonly socketPath: string;
  readonly port: number;
  /** Holds the daemon's view of the files, and its network. */
  readonly #view: ChildProcess;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.here = join(folder, "here");
    this.socketPath = join(folder, "d.sock");
    this.port = port;
    const script = 'mkdir "$0" && mount -t tmpfs none "$0" && echo && exec sleep infinity';
    this.#view = spawn("unshare", ["--mount", "--net", "sh", "-c", script, this.here], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  static async open(): Promise<SecondDaemon> {
    const daemon = new SecondDaemon(await mkdtemp("/tmp/fm-d-"), await freePort());
    await once(daemon.#view.stdout ?? daemon.#view, "data");
    await makeCertificates(daemon.folder);
    await daemon.start();
    return daemon;
  }

  get docker(): Docker {
    return new Docker({ socketPath: this.socketPath });
  }

  /** Variables of Docker's client for its TLS port. */
  get env(): Readonly<Record<string, string>> {
    return {
      DOCKER_HOST: `tcp://127.0.0.1:${this.port}`,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: join(this.folder, "client"),
    };
  }

  /** Starts it, or starts it again after `kill`. */
  async start(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    // of a daemon that was killed, and of its containerd, which went with it
    for (const left of ["pid", "x/containerd/containerd.pid"]) await rm(at(left), { force: true });
    const words = [
      ...["--data-root", at("data"), "--exec-root", at("x"), "--pidfile", at("pid")],
      ...["--iptables=false", "--ip-masq=false"],
      ...["--default-address-pool", "base=10.213.0.0/16,size=26"],
      ...["-H", `unix://${this.socketPath}`, "-H", "fd://"],
      ...[
        "--tlsverify",
        "--tlscacert",
        at("ca.pem"),
        "--tlscert",
        at("server.pem"),
        "--tlskey",
        at("server-key.pem"),
      ],
    ];
    // its port is one of this network, on which it could not listen itself: it is handed over as systemd would
    const handed = await listenAt(this.port);
    const script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec dockerd "$@"';
    const started = spawn(
      "nsenter",
      ["-t", String(this.#view.pid), "--mount", "--net", "sh", "-c", script, "sh", ...words],
      { stdio: ["ignore", "ignore", "pipe", descriptorOf(handed)], detached: true },
    );
    await new Promise((resolve) => handed.close(resolve));
    let said = "";
    started.stderr?.on("data", (bytes: Buffer) => {
      said = `${said}${bytes.toString()}`.slice(-3_000);
    });
    this.#process = started;
    while (!(await this.docker.ping().catch(() => null))) {
      if (started.exitCode !== null) throw new Error(`dockerd ended: ${said}`);
      await pause(50);
    }
  }

  /** Ends it at once, and leaves what it ran to itself. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { Id } of await this.docker.listContainers({ all: true }).catch(() => []))
      await this.docker.getContainer(Id).remove({ force: true });
    await this.#end("SIGTERM");
    const containerd = await readFile(join(this.folder, "x/containerd/containerd.pid"), "utf8").catch(
      () => "",
    );
    if (/^\d+$/.test(containerd.trim())) {
      try {
        process.kill(Number(containerd), "SIGKILL");
      } catch {
        // it ended with its daemon
      }
    }
    this.#view.kill("SIGKILL");
    for (let tries = 1; ; tries += 1) {
      try {
        await rm(this.folder, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries === 50) throw error;
        await pause(100);
      }
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await ended;
  }
}

async function listenAt(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Node has it, but does not say it of one that listens. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

async function freePort(): Promise<number> {
  const server = await listenAt(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function makeCertificates(folder: string): Promise<void> {
  await mkdir(join(folder, "client"));
  await writeFile(join(folder, "server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  await writeFile(join(folder, "client.ext"), "extendedKeyUsage=clientAuth\n");
  execFileSync(
    "sh",
    [
      "-ec",
      `key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
      key ca-key.pem
      openssl req -x509 -new -key ca-key.pem -subj /CN=ca -days 2 -out ca.pem
      sign() {
        key "$1-key.pem"
        openssl req -new -key "$1-key.pem" -subj "/CN=$1" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
      }
      sign server
      sign client
      cp ca.pem client/ca.pem; mv client.pem client/cert.pem; mv client-key.pem client/key.pem`,
    ],
    { cwd: folder, stdio: "pipe" },
  );
}
