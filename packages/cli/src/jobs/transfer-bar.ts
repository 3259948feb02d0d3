import type { TransferProgress } from "@fieldmark/sdk";
import type { CliContext } from "../context.ts";
import { type Progress, startProgress } from "../progress.ts";

/** Shows one transfer after another: a bar, or plain lines, for each that has more than one file. */
export function transferBar(
  context: CliContext,
  { title, quiet }: { readonly title: string; readonly quiet: boolean },
): { show(progress: TransferProgress): void; stop(): void } {
  let progress: Progress | null = null;
  const stop = () => {
    progress?.stop();
    progress = null;
  };
  return {
    show({ files, totalFiles }) {
      if (files === 0) {
        stop();
        if (totalFiles > 1)
          progress = startProgress(context, { title, total: totalFiles, unit: "files", quiet });
      }
      progress?.update(files);
    },
    stop,
  };
}
