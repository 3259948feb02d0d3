/**
 * Why a request is not let in. Plain facts, no words: each service answers in its own vocabulary (S3 in XML, SageMaker
 * in JSON). Times are ISO basic (yyyymmddThhmmssZ).
 */
export type AuthFailure =
  /** Nothing on the request says who sent it. */
  | { readonly kind: "missing-token" }
  /** A mechanism that is not verified here: SigV2 in a header, SigV4A, Bearer … */
  | { readonly kind: "unsupported-mechanism"; readonly mechanism: string }
  /** Parts that the mechanism needs are absent, e.g. `Credential` or `X-Amz-Expires`. */
  | {
      readonly kind: "incomplete";
      readonly place: "header" | "query";
      readonly missing: readonly string[];
      readonly authorization: string;
    }
  /** Not `<access key>/yyyymmdd/<region>/<service>/aws4_request`. */
  | { readonly kind: "malformed-credential"; readonly place: "header" | "query"; readonly credential: string }
  /** The scope's date is not the request's. */
  | { readonly kind: "wrong-date"; readonly found: string; readonly expected: string }
  | { readonly kind: "malformed-date"; readonly found: string }
  | { readonly kind: "wrong-region"; readonly found: string; readonly expected: string }
  | { readonly kind: "wrong-service"; readonly found: string; readonly expected: string }
  | { readonly kind: "unknown-key"; readonly accessKeyId: string }
  | { readonly kind: "bad-token"; readonly accessKeyId: string; readonly token: string | null }
  | { readonly kind: "expired-token"; readonly accessKeyId: string; readonly token: string | null }
  /** The clocks are further apart than is allowed. */
  | {
      readonly kind: "skew";
      readonly requestTime: string;
      readonly serverTime: string;
      readonly maxSkewMinutes: number;
    }
  /** A presigned request whose time is over. */
  | {
      readonly kind: "expired";
      readonly expiresAt: string;
      readonly serverTime: string;
      readonly expiresSeconds: number;
    }
  /** A presigned request of the future. */
  | { readonly kind: "not-yet-valid"; readonly requestTime: string; readonly serverTime: string }
  /** X-Amz-Expires, or Expires of SigV2, is no number in its range. */
  | {
      readonly kind: "malformed-expires";
      readonly found: string;
      readonly problem: "not-a-number" | "negative" | "too-long";
    }
  /** `host` and every `x-amz-*` header have to be signed. */
  | { readonly kind: "unsigned-headers"; readonly headers: readonly string[] }
  /** S3 needs x-amz-content-sha256 where the signature is in a header. */
  | { readonly kind: "missing-content-sha256" }
  | { readonly kind: "malformed-content-sha256"; readonly found: string }
  | {
      readonly kind: "signature-mismatch";
      readonly accessKeyId: string;
      readonly signatureProvided: string;
      readonly stringToSign: string;
      /** null where the mechanism has none (SigV2) */
      readonly canonicalRequest: string | null;
    };

/** A failure on its way out of the steps of a verification; `verifySignature` turns it into a value. */
export class NotAuthenticated extends Error {
  readonly failure: AuthFailure;

  constructor(failure: AuthFailure) {
    super(failure.kind);
    this.failure = failure;
  }
}

export const fail = (failure: AuthFailure): never => {
  throw new NotAuthenticated(failure);
};
