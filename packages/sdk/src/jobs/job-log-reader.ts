import {
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  type OutputLogEvent,
} from "@aws-sdk/client-cloudwatch-logs";
import { answer, isRefusal } from "../service-failure.ts";
import type { Session } from "../session.ts";

/** Log group of all processing jobs. */
const LOG_GROUP = "/aws/sagemaker/ProcessingJobs";

/** A line that a job's program printed. */
export interface LogLine {
  /** "algo-1" */
  readonly host: string;
  readonly timestamp: Date;
  readonly message: string;
}

interface Stream {
  readonly host: string;
  token: string | undefined;
}

/** Reads a job's log streams forward, each line once. */
export class JobLogReader {
  readonly #session: Session;
  readonly #jobName: string;
  readonly #instanceCount: number;
  readonly #streams = new Map<string, Stream>();

  constructor(session: Session, job: { readonly jobName: string; readonly instanceCount: number }) {
    this.#session = session;
    this.#jobName = job.jobName;
    this.#instanceCount = job.instanceCount;
  }

  /** What is new now: one page a stream until nothing is left, lines of several hosts in the order of their times. */
  async *read(signal?: AbortSignal): AsyncGenerator<LogLine> {
    if (this.#streams.size < this.#instanceCount) await this.#findStreams(signal);
    let reading = [...this.#streams.entries()];
    while (reading.length > 0) {
      const pages = await Promise.all(
        reading.map(async ([name, stream]) => ({
          name,
          stream,
          page: await this.#page(name, stream, signal),
        })),
      );
      const lines = pages.flatMap(({ stream: { host }, page }) =>
        page.events.map(({ timestamp = 0, message = "" }) => ({
          host,
          timestamp: new Date(timestamp),
          message,
        })),
      );
      yield* lines.sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
      reading = pages.filter(({ page }) => page.moved).map(({ name, stream }) => [name, stream]);
    }
  }

  async #findStreams(signal?: AbortSignal): Promise<void> {
    let nextToken: string | undefined;
    try {
      do {
        const found = await answer(
          "DescribeLogStreams",
          this.#session.logs.send(
            new DescribeLogStreamsCommand({
              logGroupName: LOG_GROUP,
              logStreamNamePrefix: `${this.#jobName}/`,
              nextToken,
            }),
            signal === undefined ? {} : { abortSignal: signal },
          ),
        );
        for (const { logStreamName: name = "" } of found.logStreams ?? []) {
          const host = /\/(.+)-\d+$/.exec(name)?.[1] ?? name;
          if (!this.#streams.has(name)) this.#streams.set(name, { host, token: undefined });
        }
        nextToken = found.nextToken;
      } while (nextToken !== undefined);
    } catch (error) {
      // the group appears with the first line of the first job
      if (!isRefusal(error, "ResourceNotFoundException")) throw error;
    }
  }

  /** The next page of a stream; `moved` while there may be more. */
  async #page(
    name: string,
    stream: Stream,
    signal?: AbortSignal,
  ): Promise<{ readonly events: readonly OutputLogEvent[]; readonly moved: boolean }> {
    const page = await answer(
      "GetLogEvents",
      this.#session.logs.send(
        new GetLogEventsCommand({
          logGroupName: LOG_GROUP,
          logStreamName: name,
          startFromHead: true,
          nextToken: stream.token,
        }),
        signal === undefined ? {} : { abortSignal: signal },
      ),
    );
    const moved = page.nextForwardToken !== undefined && page.nextForwardToken !== stream.token;
    stream.token = page.nextForwardToken ?? stream.token;
    return { events: page.events ?? [], moved };
  }
}
