import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type Credentials, Session } from "@fieldmark/sdk";
import type { Command } from "commander";
import envPaths from "env-paths";
import type { CliContext } from "./context.ts";

/** Where `fieldmark serve` listens unless told otherwise. */
export const DEFAULT_LISTEN = "127.0.0.1:4599";

/** Flags of every command that speaks to a service. */
export interface ServiceFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly data?: string;
}

/** Adds the flags of `ServiceFlags`. */
export function serviceOptions(command: Command): Command {
  return command
    .option(
      "--endpoint <url>",
      `address of the service (default: AWS_ENDPOINT_URL, or http://${DEFAULT_LISTEN})`,
    )
    .option("--region <name>", "region (default: AWS_REGION, or us-east-1)")
    .option("--data <folder>", "data folder of a service on this machine, whose keys are used");
}

/** The user's own data folder, where `fieldmark serve` keeps everything unless told otherwise. */
export function dataFolder(context: Pick<CliContext, "cwd">, data: string | undefined): string {
  return data === undefined ? envPaths("fieldmark", { suffix: "" }).data : resolve(context.cwd, data);
}

/**
 * Finds the service and its keys: flags, then AWS_ENDPOINT_URL with the AWS variables, then the data folder of a
 * service on this machine.
 *
 * @throws CREDENTIALS_MISSING
 */
export async function connect(context: CliContext, flags: ServiceFlags): Promise<Session> {
  const { AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = context.env;
  const endpoint = flags.endpoint ?? (AWS_ENDPOINT_URL || `http://${DEFAULT_LISTEN}`);
  if (!/^https?:\/\/./.test(endpoint))
    throw new FieldmarkError("USAGE", `--endpoint "${endpoint}": expected http://host:port`);
  return new Session({
    endpoint,
    region: flags.region ?? (AWS_REGION || AWS_DEFAULT_REGION || "us-east-1"),
    credentials:
      (flags.data === undefined ? environmentKeys(context) : null) ?? (await folderKeys(context, flags)),
  });
}

function environmentKeys({ env }: CliContext): Credentials | null {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return null;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}

/** Keys that a service on this machine made at its first start. */
async function folderKeys(context: CliContext, { data }: ServiceFlags): Promise<Credentials> {
  const file = join(dataFolder(context, data), "keys.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new FieldmarkError(
      "CREDENTIALS_MISSING",
      `${file}: no service has run here yet, and AWS_ACCESS_KEY_ID is not set`,
      { file },
      cause,
    );
  }
  const keys: unknown = JSON.parse(text);
  if (!isKeys(keys))
    throw new FieldmarkError("FILE_UNREADABLE", `${file}: expected accessKeyId and secretAccessKey`);
  return keys;
}

function isKeys(value: unknown): value is Credentials {
  const keys = value as Partial<Record<keyof Credentials, unknown>> | null;
  return typeof keys?.accessKeyId === "string" && typeof keys.secretAccessKey === "string";
}
