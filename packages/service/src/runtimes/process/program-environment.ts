import type { RunPlan } from "../../jobs/run-plan.ts";
import type { JobAccess } from "../runtime.ts";

/** Where a program finds what is made for it, as it sees the paths. */
export interface ProgramPlaces {
  readonly home: string;
  readonly temporary: string;
  readonly credentials: string;
}

/** Variables that say which certificates are trusted. */
const CERTIFICATES = [
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "AWS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
];
/** pip's settings that say where it writes or which Python it is: those of the service's user mean nothing to a job. */
const PIP_PLACES = new Set(
  ["CACHE_DIR", "TARGET", "PREFIX", "ROOT", "SRC", "LOG", "USER", "PYTHON", "REQUIRE_VIRTUALENV"].map(
    (name) => `PIP_${name}`,
  ),
);

type Surroundings = Readonly<Record<string, string | undefined>>;

/** Settings of certificates and pip among the service's own variables: what a job gets of them, and no more. */
export function networkSettings(surroundings: Surroundings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(surroundings).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        entry[1] !== "" &&
        (CERTIFICATES.includes(entry[0]) || (entry[0].startsWith("PIP_") && !PIP_PLACES.has(entry[0]))),
    ),
  );
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
    /** of `networkSettings` */
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
