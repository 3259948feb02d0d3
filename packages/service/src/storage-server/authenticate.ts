import type { IncomingHttpHeaders } from "node:http";
import { type AuthFailure, type CredentialLookup, verifySignature } from "@fieldmark/contract";
import { S3Error } from "./s3-errors.ts";
import type { S3Target } from "./s3-request.ts";

export interface AuthenticateOptions<I> {
  readonly region: string;
  readonly lookup: CredentialLookup<I>;
  readonly now: Date;
}

/**
 * Who sent the request and what its signature promises of the body.
 *
 * @throws S3Error in the words S3 has for each failure
 */
export async function authenticate<I>(
  target: S3Target,
  headers: IncomingHttpHeaders,
  { region, lookup, now }: AuthenticateOptions<I>,
) {
  const verified = await verifySignature(
    { method: target.method, path: target.path, query: target.rawQuery, headers },
    { service: "s3", region, lookup, now, virtualHostBucket: target.virtualHostBucket },
  );
  if (!verified.ok) throw toS3Error(verified.failure);
  return verified;
}

/** ISO basic (yyyymmddThhmmssZ) → ISO, as S3 writes times in errors. */
const iso = (basic: string): string =>
  basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");

const malformed = (place: "header" | "query", header: string, query: string): S3Error =>
  place === "header"
    ? new S3Error(
        "AuthorizationHeaderMalformed",
        {},
        { message: `The authorization header is malformed; ${header}` },
      )
    : new S3Error("AuthorizationQueryParametersError", {}, { message: query });

function toS3Error(failure: AuthFailure): S3Error {
  switch (failure.kind) {
    case "missing-token":
      return new S3Error("AccessDenied");
    case "unsupported-mechanism":
      return new S3Error(
        "InvalidArgument",
        { ArgumentName: "Authorization", ArgumentValue: failure.mechanism },
        { message: "Unsupported Authorization Type" },
      );
    case "incomplete":
      return malformed(
        failure.place,
        `the authorization header requires ${failure.missing.join(", ")}.`,
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
      );
    case "malformed-credential":
      return malformed(
        failure.place,
        'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      );
    case "wrong-date":
      return new S3Error(
        "AuthorizationHeaderMalformed",
        {},
        {
          message: `The authorization header is malformed; Invalid credential date "${failure.found}". This date is not the same as X-Amz-Date: "${failure.expected}".`,
        },
      );
    case "malformed-date":
      return new S3Error(
        "AccessDenied",
        {},
        { message: "AWS authentication requires a valid Date or x-amz-date header" },
      );
    case "wrong-region":
      return new S3Error(
        "AuthorizationHeaderMalformed",
        { Region: failure.expected },
        {
          message: `The authorization header is malformed; the region '${failure.found}' is wrong; expecting '${failure.expected}'`,
        },
      );
    case "wrong-service":
      return new S3Error(
        "AuthorizationHeaderMalformed",
        {},
        {
          message: `The authorization header is malformed; incorrect service "${failure.found}". This endpoint belongs to "${failure.expected}".`,
        },
      );
    case "unknown-key":
      return new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: failure.accessKeyId });
    case "bad-token":
      return new S3Error("InvalidToken", failure.token === null ? {} : { "Token-0": failure.token });
    case "expired-token":
      return new S3Error("ExpiredToken", failure.token === null ? {} : { "Token-0": failure.token });
    case "skew":
      return new S3Error("RequestTimeTooSkewed", {
        RequestTime: failure.requestTime,
        ServerTime: iso(failure.serverTime),
        MaxAllowedSkewMilliseconds: failure.maxSkewMinutes * 60_000,
      });
    case "expired":
      return new S3Error(
        "AccessDenied",
        {
          "X-Amz-Expires": failure.expiresSeconds,
          Expires: iso(failure.expiresAt),
          ServerTime: iso(failure.serverTime),
        },
        { message: "Request has expired" },
      );
    case "not-yet-valid":
      return new S3Error(
        "AccessDenied",
        { ServerTime: iso(failure.serverTime) },
        { message: "Request is not yet valid" },
      );
    case "malformed-expires":
      return new S3Error(
        "AuthorizationQueryParametersError",
        {},
        { message: EXPIRES_PROBLEMS[failure.problem] },
      );
    case "unsigned-headers":
      return new S3Error(
        "AccessDenied",
        { HeadersNotSigned: failure.headers.join(", ") },
        { message: "There were headers present in the request which were not signed" },
      );
    case "missing-content-sha256":
      return new S3Error(
        "InvalidRequest",
        {},
        { message: "Missing required header for this request: x-amz-content-sha256" },
      );
    case "malformed-content-sha256":
      return new S3Error(
        "InvalidArgument",
        { ArgumentName: "x-amz-content-sha256", ArgumentValue: failure.found },
        {
          message:
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        },
      );
    case "signature-mismatch":
      return new S3Error("SignatureDoesNotMatch", {
        AWSAccessKeyId: failure.accessKeyId,
        StringToSign: failure.stringToSign,
        SignatureProvided: failure.signatureProvided,
        StringToSignBytes: hexBytes(failure.stringToSign),
        ...(failure.canonicalRequest === null
          ? {}
          : {
              CanonicalRequest: failure.canonicalRequest,
              CanonicalRequestBytes: hexBytes(failure.canonicalRequest),
            }),
      });
  }
}

const EXPIRES_PROBLEMS = {
  "not-a-number": "X-Amz-Expires should be a number",
  negative: "X-Amz-Expires must be non-negative",
  "too-long":
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
} as const;

const hexBytes = (text: string): string => (Buffer.from(text).toString("hex").match(/../g) ?? []).join(" ");
