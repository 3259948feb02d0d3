import { timingSafeEqual } from "node:crypto";
import type { CredentialLookup } from "@fieldmark/contract";
import type { Identity } from "./api/operation.ts";
import type { OwnerKeys } from "./data-folder.ts";
import type { JobStore } from "./store/job-store.ts";

/** Knows the owner's keys, and the session keys of jobs that have not ended. */
export function credentialLookup(owner: OwnerKeys, jobs: JobStore): CredentialLookup<Identity> {
  return async (accessKeyId, sessionToken) => {
    if (accessKeyId === owner.accessKeyId)
      return sessionToken === null
        ? { secretAccessKey: owner.secretAccessKey, identity: { kind: "owner" } }
        : "bad-token";
    const user = await jobs.sessionUser(accessKeyId);
    // A job's keys are forgotten when it ends; whoever still has them signed with what is over.
    if (user === null) return accessKeyId.startsWith("ASIA") ? "expired-token" : "unknown-key";
    if (sessionToken === null || !sameText(sessionToken, user.keys.sessionToken)) return "bad-token";
    const { jobId, jobName, keys } = user;
    return { secretAccessKey: keys.secretAccessKey, identity: { kind: "job", jobId, jobName } };
  };
}

/** Knows session keys of jobs alone: where programs of jobs ask, the owner's keys are as good as none. */
export function jobsOnly(lookup: CredentialLookup<Identity>): CredentialLookup<Identity> {
  return async (accessKeyId, sessionToken) => {
    const found = await lookup(accessKeyId, sessionToken);
    return typeof found === "string" || found.identity.kind === "job" ? found : "unknown-key";
  };
}

function sameText(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}
