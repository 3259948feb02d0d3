import { ListBucketsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";
import type { S3Location } from "./s3-uri.ts";

/** What a list says of an object. */
export interface S3Object {
  readonly key: string;
  /** bytes */
  readonly size: number;
  readonly lastModified: Date;
}

/** One answer of a list: objects, and with a delimiter the "folders" beside them. */
export interface S3Page {
  readonly objects: readonly S3Object[];
  readonly prefixes: readonly string[];
}

export interface ListOptions {
  /** "/": keys below the next "/" come as one prefix. */
  readonly delimiter?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The objects whose keys start with `key`, page by page, in the order of the keys. */
export async function* listPages(
  session: Session,
  { bucket, key }: S3Location,
  { delimiter, signal }: ListOptions = {},
): AsyncGenerator<S3Page> {
  let token: string | undefined;
  do {
    const page = await answer(
      `ListObjectsV2 s3://${bucket}/${key}`,
      session.s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: key,
          Delimiter: delimiter,
          ContinuationToken: token,
        }),
        signal === undefined ? {} : { abortSignal: signal },
      ),
    );
    yield {
      objects: (page.Contents ?? []).map(({ Key = "", Size = 0, LastModified }) => ({
        key: Key,
        size: Size,
        lastModified: LastModified ?? new Date(0),
      })),
      prefixes: (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
    };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

/**
 * The object at a location, or all below it: `x` or `x/…`, never a sibling `x2`. Markers of folders (keys that end in
 * "/") are left out. Each comes with its name relative to the location; an object at the location itself has none of
 * its folders.
 */
export async function objectsBelow(
  session: Session,
  location: S3Location,
  signal?: AbortSignal,
): Promise<readonly (S3Object & { readonly name: string })[]> {
  const { key } = location;
  const folder = key === "" || key.endsWith("/") ? key : `${key}/`;
  const found: (S3Object & { readonly name: string })[] = [];
  for await (const { objects } of listPages(session, location, { signal })) {
    for (const object of objects) {
      if (object.key.endsWith("/")) continue;
      if (object.key === key) found.push({ ...object, name: key.slice(key.lastIndexOf("/") + 1) });
      else if (object.key.startsWith(folder))
        found.push({ ...object, name: object.key.slice(folder.length) });
    }
  }
  return found;
}

export interface S3Bucket {
  readonly name: string;
  readonly created: Date;
}

/** The buckets, by name. */
export async function listBuckets(session: Session, signal?: AbortSignal): Promise<readonly S3Bucket[]> {
  const { Buckets = [] } = await answer(
    "ListBuckets",
    session.s3.send(new ListBucketsCommand({}), signal === undefined ? {} : { abortSignal: signal }),
  );
  return Buckets.map(({ Name = "", CreationDate }) => ({ name: Name, created: CreationDate ?? new Date(0) }));
}
