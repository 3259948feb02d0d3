/** One row of S3's own error vocabulary: what an answer says when nothing more exact is known. */
export interface S3ErrorSpec {
  readonly status: number;
  readonly message: string;
}

const row = (status: number, message: string): S3ErrorSpec => ({ status, message });

/**
 * S3's error codes with the status and the words AWS answers with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const S3_ERRORS = {
  // Who asks
  AccessDenied: row(403, "Access Denied"),
  AuthorizationHeaderMalformed: row(400, "The authorization header that you provided is not valid."),
  AuthorizationQueryParametersError: row(
    400,
    "The authorization query parameters that you provided are not valid.",
  ),
  ExpiredToken: row(400, "The provided token has expired."),
  InvalidAccessKeyId: row(403, "The AWS Access Key Id you provided does not exist in our records."),
  InvalidToken: row(400, "The provided token is malformed or otherwise invalid."),
  RequestTimeTooSkewed: row(
    403,
    "The difference between the request time and the current time is too large.",
  ),
  SignatureDoesNotMatch: row(
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ),

  // The request itself
  InvalidArgument: row(400, "Invalid Argument"),
  InvalidRequest: row(400, "Invalid Request"),
  InvalidURI: row(400, "Couldn't parse the specified URI."),
  MalformedXML: row(
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  ),
  MaxMessageLengthExceeded: row(400, "Your request was too big."),
  MethodNotAllowed: row(405, "The specified method is not allowed against this resource."),
  MissingRequestBodyError: row(400, "Request Body is empty"),
  NotImplemented: row(501, "A header you provided implies functionality that is not implemented"),
  InternalError: row(500, "We encountered an internal error. Please try again."),

  // Bodies and digests
  BadDigest: row(400, "The Content-MD5 you specified did not match what we received."),
  EntityTooLarge: row(400, "Your proposed upload exceeds the maximum allowed size"),
  EntityTooSmall: row(400, "Your proposed upload is smaller than the minimum allowed size"),
  IncompleteBody: row(
    400,
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
  ),
  InvalidDigest: row(400, "The Content-MD5 you specified was invalid."),
  MalformedTrailerError: row(
    400,
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  ),
  MissingContentLength: row(411, "You must provide the Content-Length HTTP header."),
  XAmzContentSHA256Mismatch: row(
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ),

  // Buckets
  BucketAlreadyOwnedByYou: row(
    409,
    "Your previous request to create the named bucket succeeded and you already own it.",
  ),
  BucketNotEmpty: row(409, "The bucket you tried to delete is not empty"),
  IllegalLocationConstraintException: row(
    400,
    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
  ),
  InvalidBucketName: row(400, "The specified bucket is not valid."),
  InvalidLocationConstraint: row(400, "The specified location-constraint is not valid"),
  NoSuchBucket: row(404, "The specified bucket does not exist"),

  // What a bucket or an object does not have
  NoSuchBucketPolicy: row(404, "The bucket policy does not exist"),
  NoSuchCORSConfiguration: row(404, "The CORS configuration does not exist"),
  NoSuchConfiguration: row(404, "The specified configuration does not exist."),
  NoSuchLifecycleConfiguration: row(404, "The lifecycle configuration does not exist"),
  NoSuchObjectLockConfiguration: row(404, "The specified object does not have a ObjectLock configuration"),
  NoSuchPublicAccessBlockConfiguration: row(404, "The public access block configuration was not found"),
  NoSuchTagSet: row(404, "The TagSet does not exist"),
  NoSuchWebsiteConfiguration: row(404, "The specified bucket does not have a website configuration"),
  ObjectLockConfigurationNotFoundError: row(404, "Object Lock configuration does not exist for this bucket"),
  OwnershipControlsNotFoundError: row(404, "The bucket ownership controls were not found"),
  ReplicationConfigurationNotFoundError: row(404, "The replication configuration was not found"),
  ServerSideEncryptionConfigurationNotFoundError: row(
    404,
    "The server side encryption configuration was not found",
  ),

  // Objects
  AccessControlListNotSupported: row(400, "The bucket does not allow ACLs"),
  BadRequest: row(400, "Object tags cannot be greater than 10"),
  ConditionalRequestConflict: row(
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ),
  InvalidEncryptionAlgorithmError: row(
    400,
    "The encryption request you specified is not valid. The valid value is AES256.",
  ),
  InvalidRange: row(416, "The requested range is not satisfiable"),
  InvalidPartNumber: row(416, "The requested partnumber is not satisfiable"),
  InvalidStorageClass: row(400, "The storage class you specified is not valid"),
  InvalidTag: row(400, "The TagValue you have provided is invalid"),
  KeyTooLongError: row(400, "Your key is too long"),
  MetadataTooLarge: row(400, "Your metadata headers exceed the maximum allowed metadata size"),
  NoSuchKey: row(404, "The specified key does not exist."),
  NoSuchVersion: row(404, "The specified version does not exist."),
  NotModified: row(304, "Not Modified"),
  PreconditionFailed: row(412, "At least one of the pre-conditions you specified did not hold"),

  // Files of this machine as a copy's source: Fieldmark's own
  FileSourceDenied: row(403, "Whoever asks may not name files of this machine: send the bytes."),
  FileSourceUnusable: row(409, "The file is not the one that was named, or cannot be read: send its bytes."),

  // Multipart uploads
  InvalidPart: row(
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ),
  InvalidPartOrder: row(
    400,
    "The list of parts was not in ascending order. Parts must be ordered by part number.",
  ),
  NoSuchUpload: row(
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ),
} as const satisfies Record<string, S3ErrorSpec>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

export const isS3ErrorCode = (code: string): code is S3ErrorCode => Object.hasOwn(S3_ERRORS, code);

/** Elements beside Code and Message that AWS adds for some codes: `BucketName`, `ArgumentValue`, … */
export type S3ErrorFields = Readonly<Record<string, string | number>>;

/** An answer that is an error in S3's words. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: S3ErrorCode;
  readonly fields: S3ErrorFields;
  /** Response headers that belong to the error: a 304's ETag. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    fields: S3ErrorFields = {},
    more: {
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(
      more.message ?? S3_ERRORS[code].message,
      more.cause === undefined ? undefined : { cause: more.cause },
    );
    this.code = code;
    this.fields = fields;
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return S3_ERRORS[this.code].status;
  }
}

/** The commonest error: one argument of the request cannot be what it is. */
export const invalidArgument = (message: string, name: string, value: string): S3Error =>
  new S3Error("InvalidArgument", { ArgumentName: name, ArgumentValue: value }, { message });
