import type { RunPlan } from "../../jobs/run-plan.ts";
import type { JobAccess } from "../runtime.ts";

/** Where a program finds what is made for it, as it sees the paths. */
export interface ProgramPlaces {
  readonly home: string;
  readonly temporary: string;
  readonly credentials: string;
}

/** All variables of a program; the request's own win. */
export function programEnvironment(
  plan: RunPlan,
  {
    path,
    places,
    access,
    settings,
    variables,
  }: {
    readonly path: readonly string[];
    readonly places: ProgramPlaces;
    readonly access: JobAccess | null;
    /** of `jobSettings` */
    readonly settings: Readonly<Record<string, string>>;
    /** The environment's own. */
    readonly variables: Readonly<Record<string, string>>;
  },
): Readonly<Record<string, string>> {
  return {
    PATH: [...path, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":"),
    HOME: places.home,
    TMPDIR: places.temporary,
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    AWS_REGION: plan.region,
    AWS_DEFAULT_REGION: plan.region,
    PROCESSING_JOB_ARN: plan.jobArn,
    ...settings,
    ...(access === null
      ? {}
      : { AWS_ENDPOINT_URL: access.endpoint, AWS_SHARED_CREDENTIALS_FILE: places.credentials }),
    ...variables,
    ...plan.environment,
  };
}

/** The file that AWS_SHARED_CREDENTIALS_FILE names. */
export function credentialsFile({ accessKeyId, secretAccessKey, sessionToken }: JobAccess): string {
  return [
    "[default]",
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    `aws_session_token = ${sessionToken}`,
    "",
  ].join("\n");
}
