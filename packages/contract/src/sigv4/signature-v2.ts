import { createHmac } from "node:crypto";
import { canonicalHeaderValue, type HttpRequestHead, parseQuery } from "./http-request-head.ts";

/** Query parameters that SigV2 signs as part of the resource. */
const SIGNED_PARAMETERS = new Set([
  "accelerate",
  "acl",
  "analytics",
  "cors",
  "defaultObjectAcl",
  "delete",
  "inventory",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "partNumber",
  "policy",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "select",
  "select-type",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/**
 * What SigV2's query form signs. Headers that the signer moved into the query (`x-amz-*`, `content-type`,
 * `content-md5`: botocore moves all of them) count as headers.
 */
export function stringToSignV2(
  head: HttpRequestHead,
  expires: string,
  virtualHostBucket: string | null,
): string {
  const parameters = parseQuery(head.query);
  const moved = (name: string) => parameters.find((parameter) => parameter.name === name)?.value;
  const header = (name: string) => moved(name) ?? canonicalHeaderValue(head, name) ?? "";
  const amzNames = new Set(
    [...Object.keys(head.headers), ...parameters.map(({ name }) => name)].filter((name) =>
      name.startsWith("x-amz-"),
    ),
  );
  const amzHeaders = [...amzNames].sort().map((name) => `${name}:${header(name)}\n`);
  return `${[head.method, header("content-md5"), header("content-type"), expires].join("\n")}\n${amzHeaders.join("")}${resource(head, virtualHostBucket)}`;
}

function resource(head: HttpRequestHead, virtualHostBucket: string | null): string {
  const path = virtualHostBucket === null ? head.path : `/${virtualHostBucket}${head.path}`;
  const written = new Set(
    head.query
      .split("&")
      .filter((part) => part.includes("="))
      .map((part) => part.split("=", 1)[0]),
  );
  const signed = parseQuery(head.query)
    .filter(({ name }) => SIGNED_PARAMETERS.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => (written.has(name) ? `${name}=${value}` : name));
  return signed.length === 0 ? path : `${path}?${signed.join("&")}`;
}

export const signTextV2 = (secretAccessKey: string, text: string): string =>
  createHmac("sha1", secretAccessKey).update(text).digest("base64");
