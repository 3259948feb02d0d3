import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseQuery, type SignedPayload } from "@fieldmark/contract";
import { S3Error } from "./s3-errors.ts";
import { decodeUtf8 } from "./xml.ts";

/** Where a request is directed, before anything is known of who sent it. */
export interface S3Target {
  readonly method: string;
  /** Raw, before `?`. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly rawQuery: string;
  /** Decoded; of a repeated name the last. */
  readonly query: ReadonlyMap<string, string>;
  /** The bucket in the host name (`bucket.localhost`); null where it stands in the path. */
  readonly virtualHostBucket: string | null;
}

/** A request whose sender is known, as operations see it. */
export interface S3Request {
  readonly method: string;
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Empty for requests to a bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly payload: SignedPayload;
  /** Whether the keys that signed it may name files of this machine. */
  readonly mayNameFiles: boolean;
  /** Where the client reached the service: `http://127.0.0.1:4599`. */
  readonly origin: string;
  readonly incoming: IncomingMessage;
  /** Tells a client that waits for it (`Expect: 100-continue`) to send its body. */
  readonly invite: () => void;
}

/** `bucket.localhost`, `bucket.s3.localhost`, `bucket.127.0.0.1.nip.io`, each with or without a port. */
const VIRTUAL_HOST = /^(.+?)\.(?:(?:s3\.)?localhost|(?:\d{1,3}\.){3}\d{1,3}\.(?:nip|sslip)\.io)(?::\d+)?$/i;

export function readTarget(incoming: IncomingMessage): S3Target {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const rawQuery = mark < 0 ? "" : url.slice(mark + 1);
  const host = VIRTUAL_HOST.exec(incoming.headers.host ?? "");
  return {
    method: incoming.method ?? "GET",
    path: path.startsWith("/") ? path : withoutAuthority(path),
    rawQuery,
    query: new Map(parseQuery(rawQuery).map(({ name, value }) => [name, value])),
    virtualHostBucket: host?.[1] === undefined || host[1] === "s3" ? null : host[1],
  };
}

/** The absolute form of a request line (RFC 9112, 3.2.2), as proxies send it. */
const withoutAuthority = (url: string): string => url.replace(/^https?:\/\/[^/]*/i, "") || "/";

/** @throws S3Error InvalidURI when the bucket or the key are not percent-encoded UTF-8 */
export function readBucketAndKey(target: S3Target): { readonly bucket: string; readonly key: string } {
  const path = target.path.slice(1);
  if (target.virtualHostBucket !== null) return { bucket: target.virtualHostBucket, key: decodePath(path) };
  const slash = path.indexOf("/");
  return slash < 0
    ? { bucket: decodePath(path), key: "" }
    : { bucket: decodePath(path.slice(0, slash)), key: decodePath(path.slice(slash + 1)) };
}

function decodePath(path: string): string {
  if (!/^(?:[^%]|%[0-9a-fA-F]{2})*$/.test(path)) throw new S3Error("InvalidURI", { URI: path });
  const bytes = Buffer.from(
    path.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  const text = decodeUtf8(bytes);
  if (text === null) throw new S3Error("InvalidURI", { URI: path });
  return text;
}

/** A header that may stand once; Node joins repeated ones. */
export function header(request: Pick<S3Request, "headers">, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : value?.join(",");
}

/** What is asked of the body rather than of the object: a URL that was signed before there was a body cannot say. */
const OF_THE_BODY = /^x-amz-(?:content-sha256|sdk-checksum-algorithm|checksum-(?!mode|algorithm|type))/;

/** The x-amz-* parameters of a presigned URL are the headers that its maker would have sent. */
export function presignedHeaders(query: ReadonlyMap<string, string>): IncomingHttpHeaders {
  return Object.fromEntries(
    [...query]
      .filter(([name]) => name.startsWith("x-amz-") && !OF_THE_BODY.test(name))
      .map(([name, value]) => [name, Buffer.from(value).toString("latin1")]),
  );
}
