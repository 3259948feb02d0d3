import { type MachineCheck, reportMachine } from "@fieldmark/service";
import { Command } from "commander";
import pc from "picocolors";
import { type CliContext, printable, writeJson, writeLine } from "../context.ts";
import { EXIT } from "../failures.ts";
import { type Flags, readSetting, settingOptions } from "../settings.ts";

/** `fieldmark doctor`: what this machine can run, and how to get what it lacks. */
export function doctorCommand(context: CliContext): Command {
  const command = new Command("doctor")
    .description("Say what this machine can run, and how to get what it lacks")
    .option("--json", "print it as JSON on stdout");
  return settingOptions(command, ["data", "listen"]).action(
    async (flags: Flags & { readonly json?: boolean }) => {
      const checks = await reportMachine({
        dataFolder: readSetting("data", flags, context),
        listen: readSetting("listen", flags, context),
        env: context.env,
      });
      if (flags.json === true) writeJson(context, { checks });
      else for (const check of checks) writeLine(context.stdout, describe(context, check));
      if (checks.some(({ status }) => status === "failed")) context.exit.code = EXIT.failed;
    },
  );
}

function describe({ color }: CliContext, { name, status, found, advice }: MachineCheck): string {
  const { green, yellow, red, dim } = pc.createColors(color);
  const mark = { ok: green("ok     "), lacking: yellow("lacking"), failed: red("failed ") }[status];
  const line = `${mark} ${name.padEnd(15)} ${printable(found)}`;
  return advice === null ? line : `${line}\n        ${"".padEnd(15)} ${dim(printable(advice))}`;
}
