import { FieldmarkError } from "@fieldmark/contract";

/** What the AWS SDK throws, as far as it is read here. */
interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * The answer to a request; what the AWS SDK throws comes out as an error of the table.
 *
 * @param what the operation, as an error names it
 * @throws SERVICE_UNREACHABLE; SERVICE_REFUSED with AWS's code in `details.awsCode`; CREDENTIALS_MISSING; INTERRUPTED;
 *   FILE_UNREADABLE for the file that is sent
 */
export async function answer<T>(what: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw serviceFailure(what, error);
  }
}

/** True for the answer that AWS gives under this error code. */
export function isRefusal(error: unknown, ...awsCodes: readonly string[]): boolean {
  return (
    error instanceof FieldmarkError &&
    error.code === "SERVICE_REFUSED" &&
    awsCodes.includes(String(error.details.awsCode))
  );
}

function serviceFailure(what: string, error: unknown): unknown {
  if (typeof error !== "object" || error === null || error instanceof FieldmarkError) return error;
  const { name, message, $metadata } = error as Thrown;
  const text = typeof message === "string" && message !== "" ? message : String(name);
  if (name === "AbortError") return new FieldmarkError("INTERRUPTED", `${what} was interrupted`, {}, error);
  const { syscall, path } = error as Thrown;
  if ((syscall === "open" || syscall === "read") && typeof path === "string")
    return new FieldmarkError("FILE_UNREADABLE", text, { path }, error);
  const network = networkFailure(error);
  if (network !== null)
    return new FieldmarkError("SERVICE_UNREACHABLE", `${what}: ${network}`, { operation: what }, error);
  if (name === "CredentialsProviderError" || name === "TokenProviderError")
    return new FieldmarkError("CREDENTIALS_MISSING", `${what}: ${text}`, { operation: what }, error);
  const status = $metadata?.httpStatusCode;
  if (status !== undefined)
    return new FieldmarkError(
      "SERVICE_REFUSED",
      `${what}: ${String(name)}: ${text}`,
      { operation: what, awsCode: String(name), status },
      error,
    );
  if (/region is missing/i.test(text))
    return new FieldmarkError(
      "REQUEST_INVALID",
      "region is missing: give `region`, or set AWS_REGION",
      {},
      error,
    );
  return error;
}

/** Codes of Node's sockets and name lookups: nobody answered. */
const NETWORK_CODES: ReadonlySet<unknown> = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"],
  ...["EPIPE", "ETIMEDOUT", "TimeoutError"],
]);

/** "connect ECONNREFUSED 127.0.0.1:4599" when the network is to blame, else null. */
function networkFailure(error: Thrown): string | null {
  // `localhost` is tried under IPv6 and IPv4: the error holds one for each, and has no message of its own
  const inner: unknown = Array.isArray(error.errors) ? error.errors[0] : error;
  const { code, name, message } = inner as Thrown;
  return NETWORK_CODES.has(code) || NETWORK_CODES.has(name) ? String(message) : null;
}
