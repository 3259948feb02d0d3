import type { IncomingMessage, ServerResponse } from "node:http";
import type { CredentialLookup } from "@fieldmark/contract";
import type { FolderStore } from "@fieldmark/object-store";
import { asS3Error } from "./as-s3-error.ts";
import { authenticate } from "./authenticate.ts";
import { ClientGone } from "./body/request-body.ts";
import { settleBody } from "./body/unread-body.ts";
import { requireBucket } from "./operation.ts";
import { findRoute } from "./operations.ts";
import { presignedHeaders, readBucketAndKey, readTarget, type S3Request } from "./s3-request.ts";
import { createRequestIds, errorResponse, type S3Response, send } from "./s3-response.ts";

export interface StorageServerOptions<I> {
  readonly store: FolderStore;
  /** Finds the secret of an access key. */
  readonly lookup: CredentialLookup<I>;
  /** The only region that this service is. */
  readonly region: string;
  readonly now: () => Date;
  /** Told of every error that is a defect of ours: it is answered with InternalError. */
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
    try {
      let answer: S3Response;
      try {
        answer = await answerTo(incoming, invite, options);
      } catch (error) {
        if (error instanceof ClientGone) throw error;
        const known = asS3Error(error);
        if (known.code === "InternalError") options.onDefect(error, `${incoming.method} ${incoming.url}`);
        answer = errorResponse(known, ids, incoming.url?.split("?", 1)[0] ?? "/");
      }
      await send(response, answer, ids, await settleBody(incoming, response, { isUninvited }));
    } catch {
      // The client has gone, or its connection broke while the answer was written: nobody is left to be told.
      response.destroy();
    }
  };
}

async function answerTo<I>(
  incoming: IncomingMessage,
  invite: () => void,
  { store, lookup, region, now }: StorageServerOptions<I>,
): Promise<S3Response> {
  const target = readTarget(incoming);
  const { payload, presigned } = await authenticate(target, incoming.headers, { region, lookup, now: now() });
  const { bucket, key } = readBucketAndKey(target);
  const request: S3Request = {
    method: target.method,
    bucket,
    key,
    query: target.query,
    headers: presigned ? { ...presignedHeaders(target.query), ...incoming.headers } : incoming.headers,
    payload,
    origin: `http://${incoming.headers.host ?? "localhost"}`,
    incoming,
    invite,
  };
  const route = findRoute(request);
  // Nothing is done with a bucket's name before it is known to be one.
  if (route.level !== "service" && route.makesBucket !== true) await requireBucket(store, bucket);
  return await route.operation(request, { store, region, now });
}
