import { type JobDescription, type JobPhase, ProcessingJob } from "@fieldmark/sdk";
import { Command } from "commander";
import pc from "picocolors";
import { connect } from "../connect.ts";
import { type CliContext, printable, writeJson, writeLine } from "../context.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { formatSeconds, formatTime } from "./seconds.ts";

interface Flags extends ServiceFlags {
  readonly json?: boolean;
}

export function describeJobCommand(context: CliContext): Command {
  const command = new Command("describe")
    .description("Show a job: its phases and their seconds, inputs, outputs, and why it failed")
    .argument("<name>", "name of the job")
    .option("--json", "print the service's description and the phases as JSON on stdout");
  return serviceOptions(command).action(async (name: string, { json, ...flags }: Flags) => {
    using session = await connect(context, flags);
    const job = await ProcessingJob.fromName(session, name, context.signal);
    const { $metadata: _, ...description } = await job.describe(context.signal);
    const phases = await job.phases(context.signal);
    const digest = await job.imageDigest(context.signal);
    if (json === true) writeJson(context, { ...description, ImageDigest: digest, Phases: phases });
    else writeLine(context.stdout, describe(context, description, { phases, digest }));
  });
}

function describe(
  context: CliContext,
  job: Omit<JobDescription, "$metadata">,
  { phases, digest }: { readonly phases: readonly JobPhase[]; readonly digest: string | null },
): string {
  const { bold, dim } = pc.createColors(context.color);
  const row = (label: string, text: string) => `${dim(label.padEnd(12))} ${printable(text)}`;
  const { ImageUri, ContainerEntrypoint = [], ContainerArguments = [] } = job.AppSpecification ?? {};
  const { InstanceCount, InstanceType } = job.ProcessingResources?.ClusterConfig ?? {};
  const command = [...ContainerEntrypoint, ...ContainerArguments].join(" ");
  const isolated = job.NetworkConfig?.EnableNetworkIsolation === true ? ", no network" : "";
  return [
    `${bold(job.ProcessingJobName ?? "")}  ${job.ProcessingJobStatus}`,
    ...(job.FailureReason === undefined ? [] : ["", ...reason(job.FailureReason), ""]),
    row("created", `${formatTime(job.CreationTime)} UTC`),
    ...(job.ProcessingEndTime === undefined
      ? []
      : [row("ended", `${formatTime(job.ProcessingEndTime)} UTC`)]),
    row("image", ImageUri ?? ""),
    ...(digest === null ? [] : [row("digest", digest)]),
    ...(command === "" ? [] : [row("command", command)]),
    row("instances", `${InstanceCount} × ${InstanceType}${isolated}`),
    ...(job.ExitMessage === undefined ? [] : [row("exit message", job.ExitMessage)]),
    ...Object.entries(job.Environment ?? {}).map(([name, value]) => row("environment", `${name}=${value}`)),
    ...(job.ProcessingInputs ?? []).map(({ InputName, S3Input }) =>
      row("input", `${InputName}: ${S3Input?.S3Uri} → ${S3Input?.LocalPath}`),
    ),
    ...(job.ProcessingOutputConfig?.Outputs ?? []).map(({ OutputName, S3Output }) =>
      row("output", `${OutputName}: ${S3Output?.LocalPath} → ${S3Output?.S3Uri}`),
    ),
    ...phases.map(({ phase, seconds, note }) =>
      row(phase, `${formatSeconds(seconds)}${note === null ? "" : `  ${note}`}`),
    ),
  ].join("\n");
}

/** A reason may hold the last lines of a log: they stay lines. */
function reason(text: string): readonly string[] {
  return text.split("\n").map((line) => `  ${printable(line)}`);
}
