import { readFile, rename, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { FieldmarkError } from "@fieldmark/contract";
import type { Dispatch } from "./dispatch.ts";
import { createHttpServer, httpUrl, listen } from "./http-server.ts";

export interface JobListenerOptions {
  /** The gateway of the jobs' network; waits for it as long as need be. */
  readonly gateway: () => Promise<string>;
  /** Accepts the keys of jobs only. */
  readonly dispatch: Dispatch;
  /** Keeps the port: instances that run on while the service restarts were told it. */
  readonly portFile: string;
  /** The service's own address, where instances elsewhere may reach it; null where it listens for this machine alone. */
  readonly elsewhere: string | null;
  readonly onDefect: (error: unknown, request: string) => void;
  /** Told when instances cannot reach the service, and why. */
  readonly onProblem: (error: unknown) => void;
}

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/**
 * Where programs in containers find the service, which is not on their 127.0.0.1: it listens for them on the gateway of
 * their network as well, where no other keys than theirs are good for anything.
 */
export class JobListener implements AsyncDisposable {
  readonly #options: JobListenerOptions;
  #opening: Promise<unknown> = Promise.resolve();
  /** The part of an opening that does not wait for the daemon. */
  #moving: Promise<unknown> = Promise.resolve();
  #listening: { readonly host: string; readonly url: string; readonly server: Server } | null = null;
  #hasClosed = false;
  #told: string | null = null;

  constructor(options: JobListenerOptions) {
    this.#options = options;
  }

  /**
   * The service's address for jobs, where it listens from now on; null where they cannot reach it.
   *
   * @throws LISTEN_FAILED
   */
  endpoint(): Promise<string | null> {
    const opened = this.#opening.then(() => this.#open());
    this.#opening = opened.catch(() => {
      // told to who asked; the next one tries again
    });
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasClosed = true;
    await Promise.allSettled([this.#moving]);
    await this.#close();
  }

  async #open(): Promise<string | null> {
    const host = await this.#options.gateway();
    // nothing listens, and nothing is written, once this is closed
    if (this.#hasClosed) return null;
    const moved = this.#moveTo(host);
    this.#moving = moved;
    return await moved;
  }

  async #moveTo(host: string): Promise<string | null> {
    if (this.#listening?.host === host) return this.#listening.url;
    await this.#close();
    const server = createHttpServer(this.#options.dispatch, this.#options.onDefect);
    const port = await this.#listen(server, host).catch((error: unknown) => {
      if (failedWith(error, "EADDRNOTAVAIL")) return null;
      throw error;
    });
    if (port === null) return this.#notHere(host);
    const listening = { host, url: httpUrl(host, port), server };
    this.#listening = listening;
    return listening.url;
  }

  /**
   * The system knows which addresses are its own: a list of its interfaces lacks bridges that no container is on yet.
   */
  #notHere(host: string): string | null {
    const { elsewhere, onProblem } = this.#options;
    if (elsewhere === null && this.#told !== host)
      onProblem(
        new FieldmarkError(
          "JOBS_UNREACHABLE",
          `the jobs' network has its gateway ${host} on another machine: programs in containers get no endpoint and no keys`,
          { gateway: host },
        ),
      );
    this.#told = host;
    return elsewhere;
  }

  async #listen(server: Server, host: string): Promise<number> {
    const { portFile, onProblem } = this.#options;
    const told = await readPort(portFile);
    try {
      const port = await listen(server, { host, port: told ?? 0 });
      if (port !== told) await writePort(portFile, port);
      return port;
    } catch (error) {
      if (told === null || !failedWith(error, "EADDRINUSE")) throw error;
      onProblem(
        new FieldmarkError(
          "JOBS_UNREACHABLE",
          `something else listens on ${host}:${told}, where jobs that run already look for the service; later ones are told another port`,
          { host, port: told },
          error,
        ),
      );
      const port = await listen(server, { host, port: 0 });
      await writePort(portFile, port);
      return port;
    }
  }

  async #close(): Promise<void> {
    const server = this.#listening?.server;
    this.#listening = null;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** A service's address as other machines may know it; null where it listens for its own alone. */
export function addressElsewhere(
  { host, port }: { readonly host: string; readonly port: number },
  interfaces: Interfaces = networkInterfaces(),
): string | null {
  if (/^(?:127\.|::1$|localhost$)/.test(host)) return null;
  const isAny = host === "0.0.0.0" || host === "::";
  const outward = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address;
  const address = isAny ? outward : host;
  return address === undefined ? null : httpUrl(address, port);
}

function failedWith(error: unknown, code: string): boolean {
  return error instanceof FieldmarkError && (error.cause as NodeJS.ErrnoException).code === code;
}

async function readPort(path: string): Promise<number | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const port = Number(text.trim());
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

async function writePort(path: string, port: number): Promise<void> {
  await writeFile(`${path}.new`, `${port}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
