import { listJobs } from "@fieldmark/sdk";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { integer } from "../flags.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { formatSeconds, formatTime } from "./seconds.ts";

const STATUSES = ["InProgress", "Completed", "Failed", "Stopping", "Stopped"] as const;

interface Flags extends ServiceFlags {
  readonly status?: (typeof STATUSES)[number];
  readonly nameContains?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function listJobsCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("List jobs, the newest first")
    .addOption(new Option("--status <status>", "only jobs of this status").choices(STATUSES))
    .option("--name-contains <text>", "only jobs whose name holds the text")
    .option("--limit <n>", "at most so many", integer(1, 1e9), 20)
    .option("--json", "print them as JSON on stdout");
  return serviceOptions(command).action(async ({ status, nameContains, limit, json, ...flags }: Flags) => {
    using session = await connect(context, flags);
    const jobs = [];
    for await (const job of listJobs(session, { status, nameContains, limit, signal: context.signal }))
      jobs.push(job);
    if (json === true) return writeJson(context, jobs);
    if (jobs.length === 0) return writeLine(context.stderr, "No such jobs.");
    const table = new Table({
      head: ["Name", "Status", "Created (UTC)", "Took"],
      colAligns: ["left", "left", "left", "right"],
      style: { head: context.color ? ["bold"] : [], border: context.color ? ["gray"] : [], compact: true },
    });
    for (const { ProcessingJobName, ProcessingJobStatus, CreationTime, ProcessingEndTime } of jobs) {
      const took =
        CreationTime === undefined || ProcessingEndTime === undefined
          ? ""
          : formatSeconds((ProcessingEndTime.getTime() - CreationTime.getTime()) / 1000);
      table.push([ProcessingJobName ?? "", ProcessingJobStatus ?? "", formatTime(CreationTime), took]);
    }
    writeLine(context.stdout, table.toString());
  });
}
