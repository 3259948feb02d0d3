/** What DescribeProcessingJob says of a job. */
export const STATUSES = ["InProgress", "Completed", "Failed", "Stopping", "Stopped"] as const;
export type ProcessingJobStatus = (typeof STATUSES)[number];

/** Statuses a job may move to; an empty list is final. */
export const NEXT_STATUS = {
  InProgress: ["Completed", "Failed", "Stopping"],
  Stopping: ["Stopped", "Completed", "Failed"],
  Completed: [],
  Failed: [],
  Stopped: [],
} as const satisfies Record<ProcessingJobStatus, readonly ProcessingJobStatus[]>;

/** Where a job stands inside `InProgress` and `Stopping`; shown with its seconds by `fieldmark jobs describe`. */
export const PHASES = [
  "queued",
  "preparing",
  "staging",
  "starting",
  "running",
  "uploading",
  "ended",
] as const;
export type Phase = (typeof PHASES)[number];

/** Phases a job may move to. A program that may have run is always uploaded for; before that a job may end at once. */
export const NEXT_PHASE = {
  queued: ["preparing", "ended"],
  preparing: ["staging", "ended"],
  staging: ["starting", "ended"],
  starting: ["running", "uploading", "ended"],
  running: ["uploading", "ended"],
  uploading: ["ended"],
  ended: [],
} as const satisfies Record<Phase, readonly Phase[]>;

/** What each phase is, for the docs page and for people who ask where their job stands. */
export const PHASE_MEANING = {
  queued: "recorded; waits until enough instances are free",
  preparing: "the environment that stands for its image is found, or built the first time",
  staging: "inputs are put in place",
  starting: "its instances are being started",
  running: "its programs run",
  uploading: "its programs ended; outputs are put into the store",
  ended: "nothing is left of it but its record, its log and its outputs",
} as const satisfies Record<Phase, string>;

export type FinalStatus = Exclude<ProcessingJobStatus, "InProgress" | "Stopping">;

export function isFinal(status: ProcessingJobStatus): status is FinalStatus {
  return NEXT_STATUS[status].length === 0;
}

/** true also for staying where it is, unless that is an end. */
export function mayMove(
  from: { readonly status: ProcessingJobStatus; readonly phase: Phase },
  to: { readonly status: ProcessingJobStatus; readonly phase: Phase },
): boolean {
  if (isFinal(from.status)) return false;
  const nextStatuses: readonly ProcessingJobStatus[] = NEXT_STATUS[from.status];
  const nextPhases: readonly Phase[] = NEXT_PHASE[from.phase];
  const statusFits = to.status === from.status || nextStatuses.includes(to.status);
  const phaseFits = to.phase === from.phase || nextPhases.includes(to.phase);
  return statusFits && phaseFits && isFinal(to.status) === (to.phase === "ended");
}
