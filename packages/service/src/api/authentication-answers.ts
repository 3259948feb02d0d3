import type { AuthFailure } from "@fieldmark/contract";
import type { Failure } from "./answer.ts";

/** How a protocol names the failures of authentication: JSON and Query services of AWS use different words. */
interface Vocabulary {
  readonly missingToken: string;
  readonly unknownKey: string;
  readonly badSignature: string;
  readonly expiredToken: string;
  readonly incomplete: string;
  readonly status: number;
}

const JSON_WORDS: Vocabulary = {
  missingToken: "MissingAuthenticationTokenException",
  unknownKey: "UnrecognizedClientException",
  badSignature: "InvalidSignatureException",
  expiredToken: "ExpiredTokenException",
  incomplete: "IncompleteSignatureException",
  status: 400,
};

const QUERY_WORDS: Vocabulary = {
  missingToken: "MissingAuthenticationToken",
  unknownKey: "InvalidClientTokenId",
  badSignature: "SignatureDoesNotMatch",
  expiredToken: "ExpiredToken",
  incomplete: "IncompleteSignature",
  status: 403,
};

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** What AWS answers to a request whose sender it cannot tell. S3 has words of its own (storage-server). */
export function authenticationAnswer(failure: AuthFailure, protocol: "json" | "query"): Failure {
  const words = protocol === "json" ? JSON_WORDS : QUERY_WORDS;
  const signature = (message: string): Failure => ({
    status: words.status,
    code: words.badSignature,
    message,
  });
  const incomplete = (message: string): Failure => ({ status: 400, code: words.incomplete, message });
  switch (failure.kind) {
    case "missing-token":
      return { status: words.status, code: words.missingToken, message: "Missing Authentication Token" };
    case "unknown-key":
    case "bad-token":
      return {
        status: words.status,
        code: words.unknownKey,
        message: "The security token included in the request is invalid.",
      };
    case "expired-token":
      return {
        status: words.status,
        code: words.expiredToken,
        message: "The security token included in the request is expired",
      };
    case "unsupported-mechanism":
      return incomplete(`Unsupported authorization: ${failure.mechanism}. Sign with AWS4-HMAC-SHA256.`);
    case "incomplete":
      return incomplete(
        failure.missing
          .map((part) =>
            part === "Date" ? MISSING_DATE : `Authorization header requires '${part}' parameter.`,
          )
          .concat(`Authorization=${failure.authorization}`)
          .join(" "),
      );
    case "malformed-credential":
      return incomplete(`Credential must have exactly 5 slash-delimited elements: '${failure.credential}'`);
    case "malformed-date":
    case "malformed-expires":
      return incomplete(
        `Date must be in ISO-8601 'basic format', X-Amz-Expires a number. Got '${failure.found}'.`,
      );
    case "wrong-date":
      return signature(
        `Credential date does not match request date: ${failure.found} is not ${failure.expected}.`,
      );
    case "wrong-region":
      return signature(`Credential should be scoped to a valid region, not '${failure.found}'.`);
    case "wrong-service":
      return signature(`Credential should be scoped to correct service: '${failure.expected}'.`);
    case "skew":
      return signature(
        failure.requestTime < failure.serverTime
          ? `Signature expired: ${failure.requestTime} is now earlier than ${failure.serverTime} less ${failure.maxSkewMinutes} min.`
          : `Signature not yet current: ${failure.requestTime} is still later than ${failure.serverTime} plus ${failure.maxSkewMinutes} min.`,
      );
    case "expired":
      return signature(`Signature expired: ${failure.expiresAt} is now earlier than ${failure.serverTime}.`);
    case "not-yet-valid":
      return signature(
        `Signature not yet current: ${failure.requestTime} is still later than ${failure.serverTime}.`,
      );
    case "unsigned-headers":
      return signature(
        failure.headers
          .map((name) => `'${name}' must be a 'SignedHeader' in the AWS Authorization.`)
          .join(" "),
      );
    case "missing-content-sha256":
    case "malformed-content-sha256":
      return signature("x-amz-content-sha256 must be the SHA-256 of the body.");
    case "signature-mismatch":
      return signature(
        failure.canonicalRequest === null
          ? MISMATCH
          : `${MISMATCH}\n\nThe Canonical String for this request should have been\n'${failure.canonicalRequest}'\n\nThe String-to-Sign should have been\n'${failure.stringToSign}'\n`,
      );
  }
}

const MISSING_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
