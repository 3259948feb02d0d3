import type { EvaluateShareOptions } from "../../evaluate-options.ts";
import { leading } from "./lead.ts";
import type { Meeting } from "./meeting.ts";
import { keeping } from "./meeting.ts";
import { working } from "./work.ts";

/** How this instance meets the others: as the leader, as a worker, or not at all. */
export async function meet(options: EvaluateShareOptions): Promise<Meeting> {
  const { number, exchange } = options.share;
  if (exchange === undefined) return keeping(options, null);
  return number === 1 ? await leading(options, exchange) : working(options, exchange);
}
