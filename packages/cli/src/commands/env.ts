import { delimiter } from "node:path";
import { ownerKeys } from "@fieldmark/service";
import { Command, Option } from "commander";
import { writeBotoData } from "../boto-data.ts";
import { type CliContext, writeLine } from "../context.ts";
import { type Flags, readSetting, settingOptions, urlOf } from "../settings.ts";

type Format = keyof typeof FORMATS;

interface EnvFlags extends Flags {
  readonly format: Format;
}

/** `fieldmark env`: what AWS's clients need to find the service; the keys are made here where there are none yet. */
export function envCommand(context: CliContext): Command {
  const command = new Command("env").description(
    'Print the variables that point AWS clients at the service: eval "$(fieldmark env)"',
  );
  return settingOptions(command, ["data", "listen", "region"])
    .addOption(
      new Option("--format <name>", "form of the variables").choices(Object.keys(FORMATS)).default("shell"),
    )
    .action(async (flags: EnvFlags) => {
      const data = readSetting("data", flags, context);
      const url = urlOf(readSetting("listen", flags, context));
      const region = readSetting("region", flags, context);
      const keys = await ownerKeys(data);
      const variables = {
        AWS_ENDPOINT_URL: url,
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        AWS_DATA_PATH: dataPath(await writeBotoData(data, url), context.env.AWS_DATA_PATH),
      };
      writeLine(context.stdout, FORMATS[flags.format](Object.entries(variables)));
    });
}

/** Ours before what the user has: botocore reads the first that knows a service's endpoints. */
function dataPath(ours: string, theirs = ""): string {
  const others = theirs.split(delimiter).filter((folder) => folder !== "" && folder !== ours);
  return [ours, ...others].join(delimiter);
}

type Variables = readonly (readonly [name: string, value: string])[];

/** A session token of elsewhere would be sent with these keys: where the form can, it is taken away. */
const FORMATS = {
  shell: (variables: Variables) =>
    [
      ...variables.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`),
      "unset AWS_SESSION_TOKEN",
    ].join("\n"),
  json: (variables: Variables) => JSON.stringify(Object.fromEntries(variables), null, 2),
  dotenv: (variables: Variables) =>
    variables.map(([name, value]) => `${name}="${value.replaceAll(/["\\$]/g, "\\$&")}"`).join("\n"),
  powershell: (variables: Variables) =>
    [
      ...variables.map(([name, value]) => `$env:${name} = '${value.replaceAll("'", "''")}'`),
      "Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction SilentlyContinue",
    ].join("\n"),
};
