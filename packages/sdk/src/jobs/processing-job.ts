import {
  DeleteProcessingJobCommand,
  DescribeProcessingJobCommand,
  type DescribeProcessingJobCommandOutput,
  StopProcessingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { FieldmarkError } from "@fieldmark/contract";
import { answer, isRefusal } from "../service-failure.ts";
import type { Session } from "../session.ts";
import { JobLogReader, type LogLine } from "./job-log-reader.ts";
import { type JobPhase, jobImageDigest, jobPhases, phaseBeforeRunning } from "./job-phases.ts";
import { type JobReport, readReport } from "./job-report.ts";
import { Pauses, pauseFor } from "./polling.ts";
import { type JobOutput, jobOutputs } from "./processing-output.ts";

/** What DescribeProcessingJob answers. */
export type JobDescription = DescribeProcessingJobCommandOutput;

export interface WaitOptions {
  /** true prints each line on stdout, with its host where there are several; a function gets them. Default: false */
  readonly logs?: boolean | ((line: LogLine) => void);
  readonly signal?: AbortSignal | undefined;
}

/** On AWS, lines may arrive this long after their job's end. */
const LATE_LINES_MS = 5000;

/**
 * A job that was created, here or elsewhere.
 *
 * @example
 * ```ts
 * import { ProcessingJob, Session } from "@fieldmark/sdk";
 *
 * async function finish(name: string): Promise<string | undefined> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   const job = await ProcessingJob.fromName(session, name);
 *   const { ProcessingJobStatus } = await job.wait({ logs: true });
 *   return ProcessingJobStatus;
 * }
 * ```
 */
export class ProcessingJob {
  readonly name: string;
  readonly arn: string;
  readonly outputs: readonly JobOutput[];
  readonly #session: Session;

  constructor(
    session: Session,
    job: { readonly name: string; readonly arn: string; readonly outputs: readonly JobOutput[] },
  ) {
    this.#session = session;
    this.name = job.name;
    this.arn = job.arn;
    this.outputs = job.outputs;
  }

  /** A job that exists. @throws JOB_NOT_FOUND */
  static async fromName(session: Session, name: string, signal?: AbortSignal): Promise<ProcessingJob> {
    const { ProcessingJobArn = "", ...description } = await describe(session, name, signal);
    const outputs = jobOutputs(description.ProcessingOutputConfig?.Outputs ?? []);
    return new ProcessingJob(session, { name, arn: ProcessingJobArn, outputs });
  }

  /** @throws JOB_NOT_FOUND */
  async describe(signal?: AbortSignal): Promise<JobDescription> {
    return await describe(this.#session, this.name, signal);
  }

  /** How long each phase took, where a Fieldmark service runs the job; none on AWS. */
  async phases(signal?: AbortSignal): Promise<readonly JobPhase[]> {
    return await jobPhases(this.#session, this.name, signal);
  }

  /**
   * The phase that the job is in and what was last said of it, looked at again and again until its program runs or it has
   * ended: what to show while it waits in the queue, or an environment is built. Nothing on AWS.
   */
  async *progress(signal?: AbortSignal): AsyncGenerator<JobPhase> {
    for (const pauses = new Pauses(); ; await pauses.wait(signal)) {
      const phase = await phaseBeforeRunning(this.#session, this.name, signal);
      if (phase === null) return;
      yield phase;
    }
  }

  /** The image it ran (`repository@sha256:…`, or its id), where a Fieldmark service ran it in a container; else null. */
  async imageDigest(signal?: AbortSignal): Promise<string | null> {
    return await jobImageDigest(this.#session, this.name, signal);
  }

  /**
   * Waits until the job has ended: completed or stopped.
   * @throws JOB_FAILED with the job's FailureReason; INTERRUPTED, and the job goes on
   */
  async wait({ logs = false, signal }: WaitOptions = {}): Promise<JobDescription> {
    const description = await this.#uninterrupted(
      logs === false ? this.#ended(signal) : this.#follow(logs, signal),
    );
    if (description.ProcessingJobStatus === "Failed") {
      const reason = description.FailureReason ?? "no reason was given";
      throw new FieldmarkError("JOB_FAILED", `${this.name}: ${reason}`, { job: this.name, reason });
    }
    return description;
  }

  /** The lines that the job printed so far; with `follow` also those to come, until its end. */
  async *logs({
    follow = false,
    signal,
  }: {
    readonly follow?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<LogLine> {
    let description = await this.describe(signal);
    const reader = this.#reader(description);
    const pauses = new Pauses();
    while (follow && !hasEnded(description)) {
      for await (const line of reader.read(signal)) {
        pauses.reset();
        yield line;
      }
      await pauses.wait(signal);
      description = await this.describe(signal);
    }
    yield* reader.read(signal);
    if (!follow || this.#session.endpoint !== null) return;
    await pauseFor(LATE_LINES_MS, signal);
    yield* reader.read(signal);
  }

  /** Asks the job to stop: SIGTERM, then SIGKILL. A job that has ended stays as it is. @throws JOB_NOT_FOUND */
  async stop(signal?: AbortSignal): Promise<void> {
    const command = new StopProcessingJobCommand({ ProcessingJobName: this.name });
    await known(this.name, "StopProcessingJob", this.#session.sagemaker.send(command, abortable(signal)));
  }

  /** Removes the record of a job that has ended. @throws JOB_NOT_FOUND; SERVICE_REFUSED while it runs */
  async delete(signal?: AbortSignal): Promise<void> {
    const command = new DeleteProcessingJobCommand({ ProcessingJobName: this.name });
    await known(this.name, "DeleteProcessingJob", this.#session.sagemaker.send(command, abortable(signal)));
  }

  /**
   * evaluation.json and, where there is one, measures.json of the first output that holds them.
   * @throws REPORT_MISSING
   */
  async report(signal?: AbortSignal): Promise<JobReport> {
    return await readReport(this.#session, { name: this.name, outputs: this.outputs }, signal);
  }

  /** An interruption in the middle of a question is one of the waiting, not of the job. */
  async #uninterrupted(waiting: Promise<JobDescription>): Promise<JobDescription> {
    try {
      return await waiting;
    } catch (cause) {
      if (!(cause instanceof FieldmarkError) || cause.code !== "INTERRUPTED") throw cause;
      const text = `${this.name}: waiting was interrupted; the job goes on`;
      throw new FieldmarkError("INTERRUPTED", text, { job: this.name }, cause);
    }
  }

  async #ended(signal?: AbortSignal): Promise<JobDescription> {
    const pauses = new Pauses();
    for (;;) {
      const description = await this.describe(signal);
      if (hasEnded(description)) return description;
      await pauses.wait(signal);
    }
  }

  async #follow(logs: true | ((line: LogLine) => void), signal?: AbortSignal): Promise<JobDescription> {
    const { ProcessingResources } = await this.describe(signal);
    const several = (ProcessingResources?.ClusterConfig?.InstanceCount ?? 1) > 1;
    const print = logs === true ? printLine(several) : logs;
    for await (const line of this.logs({ follow: true, signal })) print(line);
    return await this.describe(signal);
  }

  #reader({ ProcessingResources }: JobDescription): JobLogReader {
    const instanceCount = ProcessingResources?.ClusterConfig?.InstanceCount ?? 1;
    return new JobLogReader(this.#session, { jobName: this.name, instanceCount });
  }
}

function printLine(several: boolean): (line: LogLine) => void {
  return ({ host, message }) => {
    process.stdout.write(several ? `${host} | ${message}\n` : `${message}\n`);
  };
}

function hasEnded({ ProcessingJobStatus: status }: JobDescription): boolean {
  return status === "Completed" || status === "Failed" || status === "Stopped";
}

async function describe(session: Session, name: string, signal?: AbortSignal): Promise<JobDescription> {
  const command = new DescribeProcessingJobCommand({ ProcessingJobName: name });
  return await known(name, "DescribeProcessingJob", session.sagemaker.send(command, abortable(signal)));
}

async function known<T>(name: string, operation: string, request: Promise<T>): Promise<T> {
  try {
    return await answer(operation, request);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new FieldmarkError(
      "JOB_NOT_FOUND",
      `${name}: there is no such processing job`,
      { job: name },
      error,
    );
  }
}

/** AWS answers ResourceNotFound, and for jobs of some ages a ValidationException of these words. */
function isNotFound(error: unknown): boolean {
  if (isRefusal(error, "ResourceNotFound")) return true;
  return isRefusal(error, "ValidationException") && /could not find/i.test(String((error as Error).message));
}

function abortable(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
