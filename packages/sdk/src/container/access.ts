/** Variables of a program, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What the job's program may reach as its role: an isolated job has neither network nor keys. */
export interface ContainerAccess {
  /** Address of the Fieldmark service; null: AWS, or none. AWS's clients read it themselves. */
  readonly endpoint: string | null;
  /** e.g. "us-east-1" */
  readonly region: string | null;
  /** Whether AWS's clients will find keys: in variables, in a file, or from the container's role. */
  readonly hasCredentials: boolean;
}

/** Each of these lists is one place where AWS's clients look; all of its variables have to be there. */
const CREDENTIAL_PLACES = [
  ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  ["AWS_SHARED_CREDENTIALS_FILE"],
  ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
  ["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
] as const;

export function accessOf(env: Variables): ContainerAccess {
  return {
    endpoint: env.AWS_ENDPOINT_URL || null,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || null,
    hasCredentials: CREDENTIAL_PLACES.some((names) => names.every((name) => Boolean(env[name]))),
  };
}
