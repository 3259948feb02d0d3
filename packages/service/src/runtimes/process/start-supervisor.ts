import { spawn } from "node:child_process";
import { FieldmarkError } from "@fieldmark/contract";
import type { JobFiles } from "./job-files.ts";
import { readStarted } from "./job-process.ts";
import { TOOL_ENVIRONMENT } from "./recipes.ts";

/**
 * Starts the supervisor of a job and returns when it has made `started`; it lives on without this process. Another one that
 * was quicker is as good.
 *
 * @throws RUNTIME_REFUSED with what the shell said, when it ended before
 */
export async function startSupervisor(
  job: JobFiles,
  { sharedNetwork, root }: { readonly sharedNetwork: boolean; readonly root: boolean },
): Promise<void> {
  const words = ["/bin/sh", job.supervisor];
  const [program = "", ...rest] = sharedNetwork
    ? [
        ...["unshare", ...(root ? [] : ["--user", "--map-root-user"]), "--net"],
        ...["/bin/sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...words],
      ]
    : words;
  const child = spawn(program, rest, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: TOOL_ENVIRONMENT,
    cwd: "/",
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    // it closes its stdout when it has made `started`
    child.stdout.resume().once("close", resolve);
  }).catch((error: Error) => {
    throw new FieldmarkError("RUNTIME_REFUSED", `${program} cannot be started: ${error.message}`, {}, error);
  });
  child.unref();
  if ((await readStarted(job)) !== null) return;
  throw new FieldmarkError(
    "RUNTIME_REFUSED",
    `the supervisor of the job could not start: ${said.trim() || "it said nothing"}`,
  );
}
