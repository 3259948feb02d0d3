import { FieldmarkError } from "@fieldmark/contract";
import {
  type ProcessingJob,
  Processor,
  type ProcessorOptions,
  type RunArgs,
  ScriptProcessor,
  type Session,
} from "@fieldmark/sdk";
import { Command, Option } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { each, integer } from "../flags.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { Words } from "../words.ts";
import { reportEnd } from "./job-end.ts";
import { entrypointOf, inputOf, outputOf, pairOf } from "./job-words.ts";
import { transferBar } from "./transfer-bar.ts";

interface Flags extends ServiceFlags {
  readonly image: string;
  readonly entrypoint?: string;
  readonly code?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly env: readonly string[];
  readonly tag: readonly string[];
  readonly instanceCount?: number;
  readonly instanceType?: string;
  readonly isolated?: boolean;
  readonly maxRuntime?: number;
  readonly name?: string;
  readonly role?: string;
  readonly wait?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function runJobCommand(context: CliContext): Command {
  const command = new Command("run")
    .description("Run a processing job and print what it prints, until its end")
    .requiredOption(
      "--image <name>",
      "image URI, or an environment: fieldmark/evaluator, sklearn, tensorflow …",
    )
    .option("--entrypoint <words>", "command of the job, its words parted by spaces, or a JSON list")
    .option("--code <script>", "Python script that the job runs: a file, or s3://")
    .option("--input <[name=]source:path>", "a file, folder or s3:// URI, and its path in the job", each, [])
    .option(
      "--output <[name=]path[:uri]>",
      "folder of the job that is kept, and the s3:// URI it goes to",
      each,
      [],
    )
    .option("--env <name=value>", "environment variable of the job", each, [])
    .option("--tag <name=value>", "tag of the job", each, [])
    .option("--instance-count <n>", "instances (default: 1)", integer(1, 100))
    .option("--instance-type <type>", "instance type, which bounds the memory (default: ml.m5.xlarge)")
    .option("--isolated", "no network in the job")
    .option(
      "--max-runtime <seconds>",
      "the job is stopped after so long (default: a day)",
      integer(1, 604_800),
    )
    .option("--name <name>", "name of the job (default: the image's name and the time)")
    .option("--role <arn>", "role of the job; a service of one's own needs none")
    .addOption(new Option("--wait", "wait for the end without printing its lines").conflicts("detach"))
    .option("--detach", "print the job's name and return at once")
    .option("--json", "print its last description as JSON on stdout, and its lines on stderr")
    .option("--quiet", "no progress of uploads, nor of what the job waits for")
    .argument("[arguments...]", "arguments of the job's program, after --");
  return serviceOptions(command).action(async (words: readonly string[], flags: Flags) => {
    await run(context, flags, words);
  });
}

async function run(context: CliContext, flags: Flags, words: readonly string[]): Promise<void> {
  if (flags.code !== undefined && flags.entrypoint?.startsWith("["))
    throw new FieldmarkError("USAGE", "--code takes its command from --entrypoint as words: python3 -u");
  using session = await connect(context, flags);
  const job = await start(session, context, flags, words);
  const json = flags.json === true;
  if (flags.detach === true) {
    if (json) writeJson(context, { name: job.name, arn: job.arn });
    else writeLine(context.stdout, job.name);
    return;
  }
  new Words(context, flags).note("job", job.name);
  const end = await reportEnd(context, job, {
    lines: flags.wait !== true,
    json,
    quiet: flags.quiet === true,
  });
  if (json) writeJson(context, end);
  else if (flags.quiet !== true)
    for (const { outputName, destination } of job.outputs)
      new Words(context, flags).note("output", `${outputName}: ${destination}`);
}

async function start(
  session: Session,
  context: CliContext,
  flags: Flags,
  words: readonly string[],
): Promise<ProcessingJob> {
  const bar = transferBar(context, { title: "Uploading", quiet: flags.quiet === true });
  const args: RunArgs = {
    inputs: flags.input.map(inputOf),
    outputs: flags.output.map(outputOf),
    signal: context.signal,
    onProgress: bar.show,
    ...(words.length === 0 ? {} : { arguments: words }),
    ...(flags.name === undefined ? {} : { jobName: flags.name }),
  };
  const entrypoint = flags.entrypoint === undefined ? undefined : entrypointOf(flags.entrypoint);
  const options = { ...processorOptions(session, flags), imageUri: flags.image };
  try {
    if (flags.code === undefined)
      return await new Processor({ ...options, ...(entrypoint === undefined ? {} : { entrypoint }) }).run(
        args,
      );
    const processor = new ScriptProcessor({ ...options, command: entrypoint ?? ["python3"] });
    return await processor.run({ ...args, code: flags.code });
  } finally {
    bar.stop();
  }
}

function processorOptions(session: Session, flags: Flags): ProcessorOptions {
  return {
    session,
    env: Object.fromEntries(flags.env.map((text) => pairOf("--env", text))),
    tags: Object.fromEntries(flags.tag.map((text) => pairOf("--tag", text))),
    networkConfig: { enableNetworkIsolation: flags.isolated === true },
    ...(flags.instanceCount === undefined ? {} : { instanceCount: flags.instanceCount }),
    ...(flags.instanceType === undefined ? {} : { instanceType: flags.instanceType }),
    ...(flags.maxRuntime === undefined ? {} : { maxRuntimeInSeconds: flags.maxRuntime }),
    ...(flags.role === undefined ? {} : { role: flags.role }),
  };
}
