import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startService } from "@fieldmark/service";
import { Command } from "commander";
import { type CliContext, printable, writeLine } from "../context.ts";
import { type Flags, readSetting, type SettingName, settingOptions } from "../settings.ts";

const USED: readonly SettingName[] = [
  "data",
  "listen",
  "runtime",
  "pull",
  "maxInstances",
  "retention",
  "region",
];

/** `fieldmark serve`: the service, until SIGTERM or Ctrl-C. Jobs that run then run on; the next start finds them. */
export function serveCommand(context: CliContext): Command {
  const command = new Command("serve").description(
    "Serve SageMaker Processing, S3, CloudWatch Logs, STS and IAM on one port",
  );
  return settingOptions(command, USED).action(async (flags: Flags) => {
    const say = (line: string) => writeLine(context.stderr, line);
    const data = readSetting("data", flags, context);
    await using service = await startService({
      dataFolder: data,
      listen: readSetting("listen", flags, context),
      runtime: readSetting("runtime", flags, context),
      pull: readSetting("pull", flags, context),
      maxInstances: readSetting("maxInstances", flags, context),
      retentionDays: readSetting("retention", flags, context),
      region: readSetting("region", flags, context),
      env: context.env,
      evaluatorScript: fileURLToPath(new URL("../../bin/fieldmark.js", import.meta.url)),
      log: (text) => say(text.split("\n").map(printable).join("\n")),
    });
    say(`fieldmark listens on ${service.url}, data in ${data}`);
    say(`runtime ${service.runtime.name}: ${service.runtime.description}`);
    for (const limit of service.runtime.limits) say(`  ${limit}`);
    say(`use it: eval "$(fieldmark env${settingWords(flags)})"`);
    if (!context.signal.aborted) await once(context.signal, "abort");
    say("stopping; jobs that run now run on until the next start finds them");
  });
}

/** The settings that `fieldmark env` must be told too. */
function settingWords(flags: Flags): string {
  return (["data", "listen", "region"] as const)
    .flatMap((name) => (flags[name] === undefined ? [] : [` --${name} ${flags[name]}`]))
    .join("");
}
