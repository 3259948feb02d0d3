/** Longest name of a job, in characters. */
const MAX_LENGTH = 63;

/** `683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3` → `sagemaker-scikit-learn`. */
export function baseNameOfImage(image: string): string {
  return /^(?:.+\/)?([^:/]+)(?::[^:]+)?$/.exec(image)?.[1] ?? image;
}

/**
 * A job's name as the SageMaker Python SDK makes it: the base, then the time in UTC to the millisecond.
 *
 * @example
 * ```ts
 * import { jobName } from "@fieldmark/sdk";
 *
 * jobName("birds", new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 67))); // "birds-2026-01-02-03-04-05-067"
 * ```
 */
export function jobName(base: string, now: Date): string {
  const timestamp = now.toISOString().slice(0, -1).replace(/[T:.]/g, "-");
  return `${base.slice(0, MAX_LENGTH - timestamp.length - 1)}-${timestamp}`;
}
