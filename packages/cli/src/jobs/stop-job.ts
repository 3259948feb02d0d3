import { ProcessingJob } from "@fieldmark/sdk";
import { Command } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";

interface Flags extends ServiceFlags {
  readonly json?: boolean;
}

export function stopJobCommand(context: CliContext): Command {
  const command = new Command("stop")
    .description("Ask a job to stop: SIGTERM, then SIGKILL after two minutes; its outputs are uploaded")
    .argument("<name>", "name of the job")
    .option("--json", "print the job's name and status as JSON on stdout");
  return serviceOptions(command).action(async (name: string, flags: Flags) => {
    using session = await connect(context, flags);
    const job = await ProcessingJob.fromName(session, name, context.signal);
    await job.stop(context.signal);
    const { ProcessingJobStatus: status } = await job.describe(context.signal);
    if (flags.json === true) writeJson(context, { name, status });
    else writeLine(context.stdout, `${name}: ${status}`);
  });
}

export function deleteJobCommand(context: CliContext): Command {
  const command = new Command("delete")
    .description("Remove the record of a job that has ended; its outputs stay")
    .argument("<name>", "name of the job")
    .option("--json", "print the job's name as JSON on stdout");
  return serviceOptions(command).action(async (name: string, flags: Flags) => {
    using session = await connect(context, flags);
    const job = await ProcessingJob.fromName(session, name, context.signal);
    await job.delete(context.signal);
    if (flags.json === true) writeJson(context, { name, deleted: true });
    else writeLine(context.stdout, `${name}: deleted`);
  });
}
