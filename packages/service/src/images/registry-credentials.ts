import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { configFolder } from "../runtimes/docker/docker-endpoint.ts";

type Surroundings = Readonly<Record<string, string | undefined>>;

/** What the daemon shows a registry. */
export interface RegistryLogin {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** What Docker's client calls Docker Hub in its files. */
const HUB_KEY = "https://index.docker.io/v1/";
/** Of a helper, which may ask the user's key chain. */
const HELPER_MS = 30_000;

/**
 * The user's login at a registry, as `docker login` left it: config.json's `credHelpers`, `credsStore`, `auths`; null for
 * none.
 *
 * @param registry host, with port where there is one; `docker.io`
 * @throws DOCKER_SETTINGS when the file cannot be read, or a helper that it names fails
 */
export async function registryLogin(registry: string, env: Surroundings): Promise<RegistryLogin | null> {
  const file = join(configFolder(env), "config.json");
  const config = await readConfig(file);
  const key = registry === "docker.io" ? HUB_KEY : registry;
  const helper = text(member(member(config, "credHelpers"), key)) ?? text(member(config, "credsStore"));
  const held = helper === null ? null : await askHelper(helper, key, { env, file });
  return held ?? loginOf(member(config, "auths"), { key, registry });
}

function loginOf(
  auths: unknown,
  { key, registry }: { readonly key: string; readonly registry: string },
): RegistryLogin | null {
  const entries = Object.entries(typeof auths === "object" && auths !== null ? auths : {});
  const [, entry] =
    entries.find(([name]) => name === key) ?? entries.find(([name]) => hostOf(name) === registry) ?? [];
  if (entry === undefined) return null;
  const identitytoken = text(member(entry, "identitytoken"));
  if (identitytoken !== null) return { serveraddress: key, identitytoken };
  const [username, ...password] = Buffer.from(text(member(entry, "auth")) ?? "", "base64")
    .toString()
    .split(":");
  if (username !== undefined && password.length > 0)
    return { serveraddress: key, username, password: password.join(":") };
  const plain = { username: text(member(entry, "username")), password: text(member(entry, "password")) };
  return plain.username === null || plain.password === null
    ? null
    : { serveraddress: key, username: plain.username, password: plain.password };
}

/** Old files write registries as URLs. */
const hostOf = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

/** `docker-credential-NAME get`: the registry on stdin, JSON on stdout; "not found" for who never logged in. */
async function askHelper(
  name: string,
  key: string,
  { env, file }: { readonly env: Surroundings; readonly file: string },
): Promise<RegistryLogin | null> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name))
    throw new FieldmarkError("DOCKER_SETTINGS", `${file}: "${name}" is no helper's name`);
  const { code, output } = await run(program, key, env);
  if (code !== 0) {
    if (/not found/i.test(output) && code !== null) return null;
    throw new FieldmarkError(
      "DOCKER_SETTINGS",
      `${file}: ${program} failed: ${output.trim() || `exit code ${code}`}`,
    );
  }
  const answer = parse(output);
  const [username, secret] = [text(member(answer, "Username")), text(member(answer, "Secret"))];
  if (username === null || secret === null)
    throw new FieldmarkError("DOCKER_SETTINGS", `${file}: ${program} answered no Username and Secret`);
  return username === "<token>"
    ? { serveraddress: key, identitytoken: secret }
    : { serveraddress: key, username, password: secret };
}

/** `code` null: it could not be started. */
async function run(
  program: string,
  input: string,
  env: Surroundings,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return await new Promise((resolve) => {
    const child = spawn(program, ["get"], { env, stdio: ["pipe", "pipe", "ignore"], timeout: HELPER_MS });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.once("error", ({ message }) => resolve({ code: null, output: message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
    // a helper that ends without reading breaks the pipe: its exit code says what became of it
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

async function readConfig(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new FieldmarkError("DOCKER_SETTINGS", `${file} cannot be read: ${(error as Error).message}`);
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
