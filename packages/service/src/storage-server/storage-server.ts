import type { IncomingMessage, ServerResponse } from "node:http";
import type { CredentialLookup } from "@fieldmark/contract";
import type { FolderStore } from "@fieldmark/object-store";
import { asS3Error } from "./as-s3-error.ts";
import { authenticate } from "./authenticate.ts";
import { ClientGone } from "./body/request-body.ts";
import { settleBody } from "./body/unread-body.ts";
import { requireBucket } from "./operation.ts";
import { findRoute } from "./operations.ts";
import { ACCOUNT_ID } from "./owner.ts";
import { S3Error } from "./s3-errors.ts";
import { header, presignedHeaders, readBucketAndKey, readTarget, type S3Request } from "./s3-request.ts";
import { createRequestIds, errorResponse, type S3Response, send } from "./s3-response.ts";

export interface StorageServerOptions<I> {
  readonly store: FolderStore;
  /** Finds the secret of an access key. */
  readonly lookup: CredentialLookup<I>;
  /** Whether these keys' holder may name files of this machine as the source of a copy. */
  readonly mayNameFiles: (identity: I) => boolean;
  /** The only region that this service is. */
  readonly region: string;
  readonly now: () => Date;
  /** Told of every error that is answered with InternalError: a bug of ours, or the fault of this machine, such as a full disk. */
  readonly onDefect: (error: unknown, request: string) => void;
}

/** Answers one request; never rejects. Listens to `request` and `checkContinue` of a node:http server. */
export type StorageServer = (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;

/** S3 over HTTP on a folder store: who asks, what they ask, the answer or the error in S3's words. */
export function createStorageServer<I>(options: StorageServerOptions<I>): StorageServer {
  return async (incoming, response) => {
    const ids = createRequestIds();
    let isUninvited = /100-continue/i.test(incoming.headers.expect ?? "");
    const invite = (): void => {
      if (isUninvited) response.writeContinue();
      isUninvited = false;
    };
    // A client that goes away is noticed where its body is read and its answer is written.
    incoming.on("error", () => undefined);
    response.on("error", () => undefined);
    let answer: S3Response | null = null;
    try {
      answer = await answerTo(incoming, invite, options).catch((error: unknown) => {
        if (error instanceof ClientGone) throw error;
        const known = asS3Error(error);
        if (known.code === "InternalError") options.onDefect(error, `${incoming.method} ${incoming.url}`);
        return errorResponse(known, ids, incoming.url?.split("?", 1)[0] ?? "/");
      });
      await send(response, answer, ids, await settleBody(incoming, response, { isUninvited }));
    } catch (error) {
      // The answer cannot be changed any more: a client that is still there must see that it is not whole.
      if (!isClientGone(error)) options.onDefect(error, `${incoming.method} ${incoming.url}`);
      response.destroy();
    } finally {
      await answer?.release?.();
    }
  };
}

/** What writing to a connection fails with when its other end is no longer there. */
const GONE = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED", "ECONNRESET", "EPIPE"];

const isClientGone = (error: unknown): boolean =>
  error instanceof ClientGone ||
  (error instanceof Error && "code" in error && GONE.includes(String(error.code)));

async function answerTo<I>(
  incoming: IncomingMessage,
  invite: () => void,
  { store, lookup, mayNameFiles, region, now }: StorageServerOptions<I>,
): Promise<S3Response> {
  const target = readTarget(incoming);
  const { identity, payload, presigned } = await authenticate(target, incoming.headers, {
    region,
    lookup,
    now: now(),
  });
  const { bucket, key } = readBucketAndKey(target);
  const request: S3Request = {
    method: target.method,
    bucket,
    key,
    query: target.query,
    headers: presigned ? { ...presignedHeaders(target.query), ...incoming.headers } : incoming.headers,
    payload,
    // a presigned URL is for others than who signed it
    mayNameFiles: !presigned && mayNameFiles(identity),
    origin: `http://${incoming.headers.host ?? "localhost"}`,
    incoming,
    invite,
  };
  const route = findRoute(request);
  checkOwner(request);
  // Nothing is done with a bucket's name before it is known to be one.
  if (route.level !== "service" && route.makesBucket !== true) await requireBucket(store, bucket);
  return await route.operation(request, { store, region, now });
}

/** @throws S3Error AccessDenied where the client expects the bucket, or a copy's source, to be somebody else's */
function checkOwner(request: S3Request): void {
  for (const name of ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"]) {
    if ((header(request, name) ?? ACCOUNT_ID) !== ACCOUNT_ID) throw new S3Error("AccessDenied");
  }
}
