import Docker from "dockerode";
import { followContainerLogs } from "./container-logs.ts";

/** The process that the test kills: it follows one container's log. */
const [socketPath = "", containerId = "", file = "", position = ""] = process.argv.slice(2);
await followContainerLogs(new Docker({ socketPath }), containerId, {
  file,
  position,
  signal: new AbortController().signal,
  onProblem: (error) => process.stderr.write(`${String(error)}\n`),
});
