import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { CONTAINER_PATHS, FieldmarkError } from "@fieldmark/contract";
import type { SharePlace } from "@fieldmark/evaluation";
import { containerPath } from "../container-path.ts";
import type { CliContext } from "../context.ts";

/** This instance among those of its job. */
export interface JobInstances {
  readonly place: SharePlace;
  /** S3 gave this instance a part of the files at a path, as `S3DataDistributionType` says. */
  isSharded(path: string): boolean;
}

/**
 * The instances of the processing job that this program runs in; null outside a job, and in a job of one instance.
 * @throws JSON_INVALID
 */
export async function jobInstances(context: CliContext): Promise<JobInstances | null> {
  const resources = await readConfig(context, CONTAINER_PATHS.resourceConfig);
  if (resources === null) return null;
  const { hosts, current_host: host } = resources.value;
  if (!isTexts(hosts) || typeof host !== "string" || !hosts.includes(host))
    throw invalid(resources.path, "current_host is not one of hosts");
  if (hosts.length === 1) return null;
  const job = await readConfig(context, CONTAINER_PATHS.processingJobConfig);
  if (job === null)
    throw invalid(containerPath(context, CONTAINER_PATHS.processingJobConfig), "it is not there");
  const inputs = inputsOf(job.value.ProcessingInputs, (path) => containerPath(context, path));
  const key = createHash("sha256").update(job.text).digest("hex");
  return {
    place: {
      number: hosts.indexOf(host) + 1,
      shares: hosts.length,
      host,
      exchange: { hosts, key },
    },
    isSharded: (path) => inputAt(inputs, path)?.isSharded === true,
  };
}

interface Config {
  readonly path: string;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function readConfig(context: CliContext, name: string): Promise<Config | null> {
  const path = containerPath(context, name);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: ${String(cause)}`, { file: path }, cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, String(cause));
  }
  if (typeof value !== "object" || value === null) throw invalid(path, "it is not an object");
  return { path, text, value: value as Record<string, unknown> };
}

interface Input {
  readonly localPath: string;
  readonly isSharded: boolean;
}

function inputsOf(value: unknown, placed: (path: string) => string): readonly Input[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((input: { readonly S3Input?: Readonly<Record<string, unknown>> } | null) => {
    const { LocalPath, S3DataDistributionType } = input?.S3Input ?? {};
    return typeof LocalPath === "string"
      ? [{ localPath: resolve(placed(LocalPath)), isSharded: S3DataDistributionType === "ShardedByS3Key" }]
      : [];
  });
}

/** The input that a path comes from: inputs may lie in each other. */
function inputAt(inputs: readonly Input[], path: string): Input | undefined {
  return inputs
    .filter(({ localPath }) => path === localPath || path.startsWith(localPath + sep))
    .toSorted((a, b) => b.localPath.length - a.localPath.length)[0];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

function invalid(path: string, why: string): FieldmarkError {
  return new FieldmarkError("JSON_INVALID", `${path}: ${why}`, { file: path });
}
