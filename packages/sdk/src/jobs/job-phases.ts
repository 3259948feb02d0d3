import { createHash } from "node:crypto";
import {
  FieldmarkError,
  IMAGE_DIGEST_MEMBER,
  type JobTransition,
  signRequest,
  TRANSITIONS_MEMBER,
} from "@fieldmark/contract";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";

/** A phase of a job's life, and how long it took. */
export interface JobPhase {
  /** "queued", "preparing", "staging", "starting", "running" or "uploading" */
  readonly phase: string;
  readonly startedAt: Date;
  /** So far, for the phase that the job is in. */
  readonly seconds: number;
  /** The last thing that was said of it: what is being prepared, for example. */
  readonly note: string | null;
}

/** The phases of a job as a Fieldmark service tells them; none on AWS, which does not. */
export async function jobPhases(
  session: Session,
  name: string,
  signal?: AbortSignal,
): Promise<readonly JobPhase[]> {
  const { [TRANSITIONS_MEMBER]: transitions } = await fieldmarkMembers(session, name, signal);
  return phasesOf(transitions, session.now());
}

/** The phase that a job is in now; null once its program runs or the job has ended, and on AWS, which tells none. */
export async function phaseBeforeRunning(
  session: Session,
  name: string,
  signal?: AbortSignal,
): Promise<JobPhase | null> {
  const { [TRANSITIONS_MEMBER]: transitions } = await fieldmarkMembers(session, name, signal);
  return beforeRunning(transitions, session.now());
}

/** The image that a job ran, as a Fieldmark service tells it; null on AWS, and where environments stand in for images. */
export async function jobImageDigest(
  session: Session,
  name: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const { [IMAGE_DIGEST_MEMBER]: digest } = await fieldmarkMembers(session, name, signal);
  return typeof digest === "string" ? digest : null;
}

/** Members that AWS's model lacks: the AWS SDK drops them, so this request is made by hand. */
interface FieldmarkMembers {
  readonly [TRANSITIONS_MEMBER]?: unknown;
  readonly [IMAGE_DIGEST_MEMBER]?: unknown;
}

async function fieldmarkMembers(
  session: Session,
  name: string,
  signal: AbortSignal | undefined,
): Promise<FieldmarkMembers> {
  if (session.endpoint === null) return {};
  const url = new URL("/", session.endpoint);
  const body = JSON.stringify({ ProcessingJobName: name });
  const { headers } = signRequest(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: {
        host: url.host,
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "SageMaker.DescribeProcessingJob",
      },
    },
    {
      service: "sagemaker",
      region: await session.region(),
      credentials: await session.sagemaker.config.credentials(),
      now: session.now(),
      payload: createHash("sha256").update(body).digest("hex"),
    },
  );
  const { host: _, ...sent } = headers;
  const response = await answer(
    "DescribeProcessingJob",
    fetch(url, { method: "POST", body, headers: sent as Record<string, string>, signal: signal ?? null }),
  );
  const described: unknown = await answer("DescribeProcessingJob", response.json());
  if (!response.ok)
    throw new FieldmarkError("SERVICE_REFUSED", `DescribeProcessingJob: ${JSON.stringify(described)}`);
  return described as FieldmarkMembers;
}

/** Transitions → the phase that the job is in; null when its program was started, or never will be. */
export function beforeRunning(transitions: unknown, now: Date): JobPhase | null {
  const last: JobTransition | undefined = Array.isArray(transitions) ? transitions.at(-1) : undefined;
  if (last === undefined || ["running", "uploading", "ended"].includes(last.Phase)) return null;
  return phasesOf(transitions, now).at(-1) ?? null;
}

/** Transitions → phases: each lasts until the next begins, the last one until now. */
export function phasesOf(transitions: unknown, now: Date): readonly JobPhase[] {
  if (!Array.isArray(transitions)) return [];
  const phases: { phase: string; from: number; note: string | null }[] = [];
  for (const { Time, Phase, Note } of transitions as readonly JobTransition[]) {
    const current = phases.at(-1);
    if (current?.phase === Phase) current.note = Note ?? current.note;
    else phases.push({ phase: Phase, from: Time, note: Note });
  }
  return phases.flatMap(({ phase, from, note }, index) =>
    phase === "ended"
      ? []
      : [
          {
            phase,
            startedAt: new Date(from * 1000),
            seconds: Math.max(0, (phases[index + 1]?.from ?? now.getTime() / 1000) - from),
            note,
          },
        ],
  );
}
