import { rm } from "node:fs/promises";
import type { EvaluateShareOptions, ShareExchange } from "../../evaluate-options.ts";
import { removeSharesFolder } from "../share-file.ts";
import type { Meeting } from "./meeting.ts";
import { ShareWorker } from "./share-worker.ts";

/** The share goes to the leader; it is removed here once the report is written there. */
export function working(options: EvaluateShareOptions, { hosts, key }: ShareExchange): Meeting {
  const { share, signal, onEvent } = options;
  const worker = new ShareWorker({
    leader: hosts[0] ?? "",
    key,
    number: share.number,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    onEvent(event) {
      if (event.kind === "progress") worker.progress = { done: event.done, total: event.total };
      onEvent?.(event);
    },
    async end(run, { share: own, file }) {
      worker.thumbnail = (imageFileName) => run.thumbnail(imageFileName);
      const outcome = await worker.deliver(file);
      if (outcome.kind === "kept") return { kind: "kept", share: own, file, reason: outcome.reason };
      await rm(file, { force: true });
      await removeSharesFolder(options.output);
      return { kind: "merged", share: own, leader: hosts[0] ?? "" };
    },
    abandon: async (error) => error,
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}
