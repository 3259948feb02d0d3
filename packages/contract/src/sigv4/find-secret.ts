import { fail } from "./auth-failure.ts";
import type { CredentialLookup } from "./verify-options.ts";

/** The secret of a key, or the failure that the lookup names. */
export async function findSecret<I>(accessKeyId: string, token: string | null, lookup: CredentialLookup<I>) {
  const found = await lookup(accessKeyId, token);
  if (found === "unknown-key") return fail({ kind: "unknown-key", accessKeyId });
  if (found === "bad-token" || found === "expired-token") return fail({ kind: found, accessKeyId, token });
  return found;
}
