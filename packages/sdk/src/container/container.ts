import { CONTAINER_PATHS, CONTAINER_PREFIX_VARIABLE, FieldmarkError } from "@fieldmark/contract";
import { accessOf, type ContainerAccess, type Variables } from "./access.ts";
import { ConfigFile } from "./config-file.ts";
import { writeExitMessage } from "./exit-message.ts";

/** Data that the job was given. */
export interface ContainerInput {
  readonly name: string;
  /** The folder it lies in; in Pipe mode the FIFO that it comes through. */
  readonly path: string;
  readonly mode: "File" | "Pipe";
  /** Where it came from, s3://; null where it came from a query. */
  readonly uri: string | null;
  /** True where each instance has other files of it. */
  readonly isSharded: boolean;
}

/** A folder whose files become the job's output. */
export interface ContainerOutput {
  readonly name: string;
  readonly path: string;
  /** Where the files go: s3:// */
  readonly uri: string | null;
  /** True where files are uploaded while the program runs. */
  readonly isContinuous: boolean;
}

/** The job that a program runs in, as one of its instances sees it. */
export interface Container {
  readonly jobName: string;
  readonly jobArn: string | null;
  readonly inputs: readonly ContainerInput[];
  readonly outputs: readonly ContainerOutput[];
  /** Names of all instances, by which they reach each other: "algo-1" … */
  readonly hosts: readonly string[];
  readonly currentHost: string;
  /** Of this instance among `hosts`, from 0. */
  readonly index: number;
  /** e.g. "ml.m5.xlarge" */
  readonly instanceType: string | null;
  /** The variables that the job was given. */
  readonly environment: Readonly<Record<string, string>>;
  readonly isIsolated: boolean;
  readonly access: ContainerAccess;
  /** @throws JOB_PART_MISSING when the job has no input of this name */
  input(name: string): ContainerInput;
  /** @throws JOB_PART_MISSING when the job has no output of this name */
  output(name: string): ContainerOutput;
  /** Says in a sentence how the job ended: its ExitMessage, and with an exit code its FailureReason. Cut after 1,024 bytes. */
  writeExitMessage(text: string): Promise<void>;
}

/**
 * What a program inside a processing job is told by its files in /opt/ml/config and its variables; on a Fieldmark service
 * and on SageMaker alike.
 *
 * @param env `process.env`; OPT_ML in it names the folder that stands for /opt/ml on machines without namespaces
 * @throws NOT_IN_A_JOB; JSON_INVALID
 *
 * @example
 * ```ts
 * import { readdir, writeFile } from "node:fs/promises";
 * import { join } from "node:path";
 * import { readContainer } from "@fieldmark/sdk/container";
 *
 * async function count(): Promise<void> {
 *   const job = await readContainer(process.env);
 *   const files = await readdir(job.input("pictures").path);
 *   await writeFile(join(job.output("counts").path, `${job.currentHost}.json`), JSON.stringify(files.length));
 *   await job.writeExitMessage(`${files.length} pictures`);
 * }
 * ```
 */
export async function readContainer(env: Variables): Promise<Container> {
  const at = placesBelow(env[CONTAINER_PREFIX_VARIABLE] || ML);
  // one after the other: outside a job always the first is named
  const config = await ConfigFile.read(at(CONTAINER_PATHS.processingJobConfig));
  const resources = await ConfigFile.read(at(CONTAINER_PATHS.resourceConfig));
  const jobName = config.text("ProcessingJobName");
  const inputs = config.objects("ProcessingInputs").flatMap((input) => inputOf(input, at));
  const outputs = (config.object("ProcessingOutputConfig")?.objects("Outputs") ?? []).flatMap((output) =>
    outputOf(output, at),
  );
  const hosts = resources.texts("hosts");
  const currentHost = resources.text("current_host");
  return {
    jobName,
    jobArn: config.optionalText("ProcessingJobArn"),
    inputs,
    outputs,
    hosts,
    currentHost,
    index: hosts.indexOf(currentHost),
    instanceType: resources.optionalText("current_instance_type"),
    environment: config.textMap("Environment"),
    isIsolated: config.object("NetworkConfig")?.flag("EnableNetworkIsolation") ?? false,
    access: accessOf(env),
    input: (name) => named("input", name, { jobName, parts: inputs }),
    output: (name) => named("output", name, { jobName, parts: outputs }),
    writeExitMessage: async (text) => await writeExitMessage(at(CONTAINER_PATHS.exitMessage), text),
  };
}

const ML = "/opt/ml";

/** Paths of the container as they are on this machine. */
function placesBelow(ml: string): (path: string) => string {
  return (path) => (path === ML || path.startsWith(`${ML}/`) ? `${ml}${path.slice(ML.length)}` : path);
}

/** None for an input that the program fetches itself: it has no folder. */
function inputOf(input: ConfigFile, at: (path: string) => string): readonly ContainerInput[] {
  const [s3, dataset] = [input.object("S3Input"), input.object("DatasetDefinition")];
  const path = s3?.optionalText("LocalPath") ?? dataset?.optionalText("LocalPath");
  if (path === undefined || path === null) return [];
  const mode =
    (s3?.optionalText("S3InputMode") ?? dataset?.optionalText("InputMode")) === "Pipe" ? "Pipe" : "File";
  const distribution =
    s3?.optionalText("S3DataDistributionType") ?? dataset?.optionalText("DataDistributionType");
  return [
    {
      name: input.text("InputName"),
      path: mode === "Pipe" ? `${at(path).replace(/\/+$/, "")}_0` : at(path),
      mode,
      uri: s3?.optionalText("S3Uri") ?? null,
      isSharded: distribution === "ShardedByS3Key",
    },
  ];
}

/** None for an output without a folder, such as one to a feature store. */
function outputOf(output: ConfigFile, at: (path: string) => string): readonly ContainerOutput[] {
  const s3 = output.object("S3Output");
  const path = s3?.optionalText("LocalPath") ?? null;
  if (s3 === null || path === null) return [];
  return [
    {
      name: output.text("OutputName"),
      path: at(path),
      uri: s3.optionalText("S3Uri"),
      isContinuous: s3.optionalText("S3UploadMode") === "Continuous",
    },
  ];
}

function named<Part extends { readonly name: string }>(
  kind: "input" | "output",
  name: string,
  { jobName, parts }: { readonly jobName: string; readonly parts: readonly Part[] },
): Part {
  const found = parts.find((part) => part.name === name);
  if (found !== undefined) return found;
  const names = parts.map((part) => `"${part.name}"`).join(", ");
  throw new FieldmarkError(
    "JOB_PART_MISSING",
    `job ${jobName} has no ${kind} "${name}": ${names === "" ? "it has none" : `it has ${names}`}`,
    { job: jobName, name },
  );
}
