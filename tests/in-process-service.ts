import { type Service, startService } from "@fieldmark/service";
import { CLI } from "./command-line.ts";

/** The service in this process, on a free port; what it reports as a problem is pushed to `problems`. */
export async function inProcessService(
  dataFolder: string,
  problems: string[],
  runtime: "process" | "docker" = "process",
): Promise<Service> {
  return await startService({
    dataFolder,
    listen: { host: "127.0.0.1", port: 0 },
    runtime,
    maxInstances: 4,
    retentionDays: 90,
    region: "us-east-1",
    env: process.env,
    evaluatorScript: CLI,
    log: (text) => problems.push(text),
  });
}
