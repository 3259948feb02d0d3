import { FieldmarkError } from "@fieldmark/contract";
import { type Credentials, Session } from "@fieldmark/sdk";
import { ownerKeys } from "@fieldmark/service";
import type { CliContext } from "./context.ts";
import type { ServiceFlags } from "./service-flags.ts";
import { readSetting, urlOf } from "./settings.ts";

/**
 * Finds the service and its keys: flags, then AWS_ENDPOINT_URL with AWS's variables, then the data folder of a service
 * on this machine.
 *
 * @throws USAGE
 */
export async function connect(context: CliContext, flags: ServiceFlags): Promise<Session> {
  const { AWS_ENDPOINT_URL, AWS_REGION } = context.env;
  const endpoint = flags.endpoint ?? (AWS_ENDPOINT_URL || urlOf(readSetting("listen", flags, context)));
  if (!/^https?:\/\/./.test(endpoint))
    throw new FieldmarkError("USAGE", `the endpoint is "${endpoint}", expected http://host:port`);
  return new Session({
    endpoint,
    region: flags.region ?? (AWS_REGION || readSetting("region", flags, context)),
    credentials:
      (flags.data === undefined ? environmentKeys(context) : null) ??
      (await ownerKeys(readSetting("data", flags, context))),
  });
}

function environmentKeys({ env }: CliContext): Credentials | null {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return null;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}
