import type { Command } from "commander";
import { type Flags, settingOptions } from "./settings.ts";

/** Flags of every command that speaks to a service. */
export interface ServiceFlags extends Flags {
  readonly endpoint?: string;
}

/** Adds the flags of `ServiceFlags`. */
export function serviceOptions(command: Command): Command {
  return settingOptions(
    command.option(
      "--endpoint <url>",
      "address of the service (default: AWS_ENDPOINT_URL, or a service on this machine)",
    ),
    ["data", "region"],
  );
}
