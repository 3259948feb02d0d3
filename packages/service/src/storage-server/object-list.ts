import type { ListedObject } from "@fieldmark/object-store";
import type { S3Context } from "./operation.ts";
import { type KeyEncoding, readCount, readEncoding } from "./paging.ts";
import type { S3Request } from "./s3-request.ts";
import type { XmlEntry } from "./xml.ts";

/** What all lists of objects have in common. */
export interface List {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly maxKeys: number;
  readonly encode: KeyEncoding;
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly XmlEntry[];
  /** The last entry of this page where more follow. */
  readonly next: string | null;
}

/** @throws S3Error InvalidArgument */
export async function readList(
  { bucket, query }: S3Request,
  { store }: S3Context,
  startAfter: string,
): Promise<List> {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") || undefined;
  const maxKeys = readCount(query, "max-keys");
  const encode = readEncoding(query);
  const page =
    maxKeys === 0
      ? { objects: [], commonPrefixes: [], next: null }
      : await store.listPage(bucket, { prefix, delimiter, startAfter, maxKeys });
  const prefixes = page.commonPrefixes.map(
    (each): XmlEntry => ["CommonPrefixes", [["Prefix", encode(each)]]],
  );
  return { prefix, delimiter, maxKeys, encode, objects: page.objects, prefixes, next: page.next };
}
