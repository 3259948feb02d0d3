import type { EvaluateShareOptions, EvaluationEvent, ShareEnd } from "../../evaluate-options.ts";
import type { PreparedRun } from "../../prepared-run.ts";
import type { Share } from "../share.ts";

interface WrittenShare {
  readonly share: Share;
  readonly file: string;
}

/** What an instance has to do with the others while it works on its share. */
export interface Meeting extends AsyncDisposable {
  /** Passes on what happens. */
  onEvent(event: EvaluationEvent): void;
  /** The own share is written. @returns when nothing is left to do */
  end(run: PreparedRun, own: WrittenShare): Promise<ShareEnd>;
  /** The own work failed. @returns the error to throw, which may name another instance as its cause */
  abandon(error: unknown): Promise<unknown>;
}

/**
 * No meeting: the share stays in the output folder.
 * @param reason why it cannot be merged here; null when nobody wanted that
 */
export function keeping({ onEvent }: EvaluateShareOptions, reason: string | null): Meeting {
  return {
    onEvent: (event) => onEvent?.(event),
    end: async (_, { share, file }) => ({ kind: "kept", share, file, reason }),
    abandon: async (error) => error,
    [Symbol.asyncDispose]: async () => {},
  };
}
