import { ProcessingJob } from "@fieldmark/sdk";
import { Command } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson } from "../context.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { reportEnd } from "./job-end.ts";
import { linePrinter } from "./job-lines.ts";

interface LogFlags extends ServiceFlags {
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function jobLogsCommand(context: CliContext): Command {
  const command = new Command("logs")
    .description("Print what a job printed")
    .argument("<name>", "name of the job")
    .option("-f, --follow", "go on with the lines to come, until the job's end")
    .option("--json", "print each line as a JSON object: host, timestamp, message");
  return serviceOptions(command).action(async (name: string, { follow, json, ...flags }: LogFlags) => {
    using session = await connect(context, flags);
    const job = await ProcessingJob.fromName(session, name, context.signal);
    const { ProcessingResources } = await job.describe(context.signal);
    const print = linePrinter(context, {
      several: (ProcessingResources?.ClusterConfig?.InstanceCount ?? 1) > 1,
      json: json === true,
      stream: "stdout",
    });
    for await (const line of job.logs({ follow: follow === true, signal: context.signal })) print(line);
  });
}

interface WaitFlags extends ServiceFlags {
  readonly logs?: boolean;
  readonly json?: boolean;
}

export function waitForJobCommand(context: CliContext): Command {
  const command = new Command("wait")
    .description("Wait for a job's end; exit code 0 when it completed, 1 when it failed or was stopped")
    .argument("<name>", "name of the job")
    .option("--logs", "print what it prints")
    .option("--json", "print its description as JSON on stdout, and its lines on stderr");
  return serviceOptions(command).action(async (name: string, { logs, json, ...flags }: WaitFlags) => {
    using session = await connect(context, flags);
    const job = await ProcessingJob.fromName(session, name, context.signal);
    const end = await reportEnd(context, job, {
      lines: logs === true,
      json: json === true,
      quiet: false,
    });
    if (json === true) writeJson(context, end);
  });
}
