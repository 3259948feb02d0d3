import type { CliContext } from "./context.ts";

/** A path of the container: below the folder that OPT_ML names, where a service has no namespaces to show /opt/ml in. */
export function containerPath({ env }: CliContext, path: string): string {
  return env.OPT_ML ? path.replace(/^\/opt\/ml(?=\/)/, () => env.OPT_ML ?? "") : path;
}
