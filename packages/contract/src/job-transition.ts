/**
 * One step of a job's life. A Fieldmark service's DescribeProcessingJob lists them beside AWS's members, which its
 * clients that know only AWS's pass over.
 */
export interface JobTransition {
  /** epoch seconds */
  readonly Time: number;
  /** "queued", "preparing", "staging", "starting", "running", "uploading" or "ended" */
  readonly Phase: string;
  readonly Status: string;
  /** What is being prepared, for example. */
  readonly Note: string | null;
}

/** Name of the member. */
export const TRANSITIONS_MEMBER = "FieldmarkTransitions";

/** Member beside AWS's that names the image a job ran: `repository@sha256:…`, or the id of one that no registry knows. */
export const IMAGE_DIGEST_MEMBER = "FieldmarkImageDigest";
