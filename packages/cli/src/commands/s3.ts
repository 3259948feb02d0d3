import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { copyCommand } from "../s3/copy.ts";
import { listCommand } from "../s3/list.ts";

/** `fieldmark s3`: what is at hand of a service's object store. */
export function s3Command(context: CliContext): Command {
  return new Command("s3")
    .description("List and copy objects")
    .addCommand(listCommand(context))
    .addCommand(copyCommand(context));
}
