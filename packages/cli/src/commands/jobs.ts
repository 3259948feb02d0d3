import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { describeJobCommand } from "../jobs/describe-job.ts";
import { jobLogsCommand, waitForJobCommand } from "../jobs/follow-job.ts";
import { listJobsCommand } from "../jobs/list-jobs.ts";
import { runJobCommand } from "../jobs/run-job.ts";
import { deleteJobCommand, stopJobCommand } from "../jobs/stop-job.ts";

/** `fieldmark jobs`: processing jobs of a service. */
export function jobsCommand(context: CliContext): Command {
  return new Command("jobs")
    .description("Run processing jobs and look after them")
    .addCommand(runJobCommand(context))
    .addCommand(listJobsCommand(context))
    .addCommand(describeJobCommand(context))
    .addCommand(jobLogsCommand(context))
    .addCommand(stopJobCommand(context))
    .addCommand(deleteJobCommand(context))
    .addCommand(waitForJobCommand(context));
}
