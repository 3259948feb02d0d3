import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";

type Surroundings = Readonly<Record<string, string | undefined>>;

/** Where a daemon listens. */
export interface DockerEndpoint {
  /** As Docker's client writes it: `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`. */
  readonly url: string;
  /** PEM texts where the connection is by TLS; a member that the user gave no file for is null. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly verify: boolean;
  } | null;
}

const TLS_FILES = { ca: "ca.pem", cert: "cert.pem", key: "key.pem" } as const;
const SYSTEM_SOCKET = "/var/run/docker.sock";

/**
 * The daemon that Docker's own client would speak to with these variables: DOCKER_HOST (with DOCKER_TLS_VERIFY and
 * DOCKER_CERT_PATH), else the context that DOCKER_CONTEXT or the user's configuration names, else the local socket.
 *
 * @throws DOCKER_SETTINGS when what they name is not there or cannot be read
 */
export async function dockerEndpoint(env: Surroundings): Promise<DockerEndpoint> {
  const folder = configFolder(env);
  if (given(env.DOCKER_HOST)) return await endpointOfHost(env.DOCKER_HOST, env, folder);
  const context = given(env.DOCKER_CONTEXT) ? env.DOCKER_CONTEXT : await currentContext(folder);
  if (context === null || context === "default")
    return { url: `unix://${await localSocket(env)}`, tls: null };
  return await endpointOfContext(context, folder);
}

async function endpointOfHost(host: string, env: Surroundings, folder: string): Promise<DockerEndpoint> {
  const url = host.includes("://") ? host : `tcp://${host}`;
  const verify = given(env.DOCKER_TLS_VERIFY);
  const isTls = url.startsWith("tcp://") && (verify || given(env.DOCKER_TLS) || given(env.DOCKER_CERT_PATH));
  return {
    url: checked(url, "DOCKER_HOST"),
    tls: isTls ? await tlsOf(given(env.DOCKER_CERT_PATH) ? env.DOCKER_CERT_PATH : folder, verify) : null,
  };
}

async function endpointOfContext(name: string, folder: string): Promise<DockerEndpoint> {
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(folder, "contexts", "meta", id, "meta.json");
  const meta = await readJson(path);
  if (meta === null) throw settingsError(`there is no Docker context "${name}" (${path})`);
  const docker = member(member(meta, "Endpoints"), "docker");
  const host = member(docker, "Host");
  if (typeof host !== "string") throw settingsError(`${path} names no Host`);
  const tls = await tlsOf(
    join(folder, "contexts", "tls", id, "docker"),
    member(docker, "SkipTLSVerify") !== true,
  );
  const isTls = tls.ca !== null || tls.cert !== null || !tls.verify;
  return { url: checked(host, path), tls: isTls && host.startsWith("tcp://") ? tls : null };
}

async function tlsOf(folder: string, verify: boolean): Promise<NonNullable<DockerEndpoint["tls"]>> {
  const read = async (name: string) => await readText(join(folder, name));
  const [ca, cert, key] = await Promise.all([read(TLS_FILES.ca), read(TLS_FILES.cert), read(TLS_FILES.key)]);
  return { ca, cert, key, verify };
}

async function currentContext(folder: string): Promise<string | null> {
  const name = member(await readJson(join(folder, "config.json")), "currentContext");
  return typeof name === "string" && name !== "" ? name : null;
}

/** Docker Desktop's socket in the user's home, where there is no system's. */
async function localSocket({ HOME }: Surroundings): Promise<string> {
  const desktop = join(HOME ?? "/", ".docker", "run", "docker.sock");
  const isThere = async (path: string) =>
    await access(path).then(
      () => true,
      () => false,
    );
  return !(await isThere(SYSTEM_SOCKET)) && (await isThere(desktop)) ? desktop : SYSTEM_SOCKET;
}

/** Where Docker's client keeps its settings and the user's logins. */
export function configFolder({ DOCKER_CONFIG, HOME }: Surroundings): string {
  return given(DOCKER_CONFIG) ? DOCKER_CONFIG : join(HOME ?? "/", ".docker");
}

function checked(url: string, source: string): string {
  if (/^(?:unix|tcp|ssh|http|https):\/\/./.test(url)) return url;
  throw settingsError(`${source} is "${url}", expected unix://PATH, tcp://HOST:PORT or ssh://USER@HOST`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw settingsError(`${path} is no JSON: ${String(error)}`);
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw settingsError(`${path} cannot be read: ${message}`);
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const given = (value: string | undefined): value is string => value !== undefined && value !== "";
const settingsError = (message: string) => new FieldmarkError("DOCKER_SETTINGS", message);
