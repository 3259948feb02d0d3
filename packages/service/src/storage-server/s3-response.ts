import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { S3Error } from "./s3-errors.ts";
import { toPlainXml } from "./xml.ts";

/** What an operation answers. */
export interface S3Response {
  /** 200 when absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document, or what writes bytes of the length that the headers say; nothing when absent. */
  readonly body?: string | ((response: ServerResponse) => Promise<void>);
  /** Called when the answer has been written or given up. */
  readonly release?: () => Promise<void>;
}

export const xmlResponse = (body: string, headers: Readonly<Record<string, string>> = {}): S3Response => ({
  headers: { "content-type": "application/xml", ...headers },
  body,
});

/** Names one request, in the header and in an error's document. */
export interface RequestIds {
  readonly requestId: string;
  readonly hostId: string;
}

export function createRequestIds(): RequestIds {
  const bytes = randomBytes(56);
  return {
    requestId: bytes.toString("hex", 0, 8).toUpperCase(),
    hostId: bytes.toString("base64", 8),
  };
}

export function errorResponse(error: S3Error, ids: RequestIds, resource: string): S3Response {
  const fields = Object.entries(error.fields).map(([name, value]) => [name, value] as const);
  const body = toPlainXml("Error", [
    ["Code", error.code],
    ["Message", error.message],
    ...fields,
    ["Resource", resource],
    ["RequestId", ids.requestId],
    ["HostId", ids.hostId],
  ]);
  if (error.status === 304) return { status: 304, headers: error.headers };
  return { status: error.status, headers: { "content-type": "application/xml", ...error.headers }, body };
}

/**
 * Writes an answer whole; resolves when it is written or the client has gone.
 *
 * @param beforeEnd awaited when everything is on its way and before the answer is ended
 */
export async function send(
  response: ServerResponse,
  { status = 200, headers = {}, body }: S3Response,
  ids: RequestIds,
  beforeEnd: (() => Promise<void>) | null,
): Promise<void> {
  const isPoured = typeof body === "function";
  const text = typeof body === "string" ? Buffer.from(body) : Buffer.alloc(0);
  const hasLength = isPoured || status === 204 || status === 304 || headers["content-length"] !== undefined;
  response.writeHead(status, {
    "x-amz-id-2": ids.hostId,
    "x-amz-request-id": ids.requestId,
    server: "AmazonS3",
    ...headers,
    ...(hasLength ? {} : { "content-length": String(text.length) }),
  });
  if (isPoured) await body(response);
  if (beforeEnd !== null) {
    response.write(text);
    await beforeEnd();
  }
  const closed = new Promise<void>((resolve) => void response.once("close", resolve));
  response.end(beforeEnd === null && !isPoured ? text : undefined);
  await closed;
}
