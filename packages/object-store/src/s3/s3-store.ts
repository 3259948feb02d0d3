import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { FieldmarkError } from "@fieldmark/contract";
import { checkKey } from "../names.ts";
import type { ListPage, ObjectRef, ObjectStore, ObjectSummary } from "../object-store.ts";

/** Bodies above one part are uploaded in parts: at most 10,000 of them, so up to 160 GB. */
const PART_BYTES = 16 << 20;
const PARTS_AT_ONCE = 3;

/**
 * Objects at any S3 endpoint. The client brings endpoint, region and credentials, and belongs to the caller. Exported from
 * `@fieldmark/object-store/s3`, so that only its users load the client.
 */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async list(bucket: string, prefix: string, startAfter?: string): Promise<ListPage> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      StartAfter: startAfter,
      EncodingType: "url",
    });
    const page = await this.#client
      .send(command)
      .catch((error) => this.#fail(error, { bucket, key: prefix }));
    const objects = (page.Contents ?? []).map((object) => ({
      key: decodeKey(object.Key ?? ""),
      size: object.Size ?? 0,
      etag: unquoted(object.ETag),
      lastModified: object.LastModified ?? new Date(0),
    }));
    return { objects, next: page.IsTruncated ? (objects[objects.length - 1]?.key ?? null) : null };
  }

  async head(ref: ObjectRef): Promise<ObjectSummary | null> {
    try {
      const found = await this.#client.send(new HeadObjectCommand({ Bucket: ref.bucket, Key: ref.key }));
      return {
        key: ref.key,
        size: found.ContentLength ?? 0,
        etag: unquoted(found.ETag),
        lastModified: found.LastModified ?? new Date(0),
      };
    } catch (error) {
      if (!isNotFound(error)) return await this.#fail(error, ref);
      await this.#requireBucket(ref);
      return null;
    }
  }

  async get(ref: ObjectRef): Promise<Readable> {
    const command = new GetObjectCommand({ Bucket: ref.bucket, Key: ref.key });
    const { Body } = await this.#client.send(command).catch((error) => this.#fail(error, ref));
    if (Body instanceof Readable) return Body;
    throw new FieldmarkError("STORE_REFUSED", `s3://${ref.bucket}/${ref.key} came without a body`, {
      ...ref,
    });
  }

  async put(
    ref: ObjectRef,
    body: AsyncIterable<Uint8Array>,
    { contentType }: { readonly contentType?: string } = {},
  ): Promise<ObjectSummary> {
    checkKey(ref.key);
    let size = 0;
    let bodyError: { readonly error: unknown } | null = null;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of body) {
          size += chunk.length;
          yield chunk;
        }
      } catch (error) {
        bodyError = { error };
        throw error;
      }
    };
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: ref.bucket, Key: ref.key, Body: Readable.from(counted()), ContentType: contentType },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const done = await upload.done().catch((error) => {
      // The body's own failure is the caller's to judge, not the endpoint's.
      if (bodyError !== null) throw error;
      return this.#fail(error, ref);
    });
    return { key: ref.key, size, etag: unquoted(done.ETag), lastModified: await this.#lastModified(ref) };
  }

  async delete(ref: ObjectRef): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: ref.bucket, Key: ref.key });
    await this.#client.send(command).catch((error) => this.#fail(error, ref));
  }

  /** A head says neither why nor what is absent. */
  async #requireBucket({ bucket }: ObjectRef): Promise<void> {
    await this.#client.send(new HeadBucketCommand({ Bucket: bucket })).catch((error) => {
      if (isNotFound(error)) throw bucketNotFound(bucket, error);
      return this.#fail(error, { bucket, key: "" });
    });
  }

  async #lastModified(ref: ObjectRef): Promise<Date> {
    return (await this.head(ref))?.lastModified ?? new Date(0);
  }

  #fail(error: unknown, { bucket, key }: ObjectRef): never {
    if (!(error instanceof S3ServiceException)) throw error;
    if (error.name === "NoSuchBucket") throw bucketNotFound(bucket, error);
    if (error.name === "NoSuchKey") {
      throw new FieldmarkError(
        "OBJECT_NOT_FOUND",
        `There is no object s3://${bucket}/${key}`,
        { bucket, key },
        error,
      );
    }
    const status = error.$metadata.httpStatusCode ?? 0;
    throw new FieldmarkError(
      "STORE_REFUSED",
      `s3://${bucket}/${key}: ${error.name}: ${error.message}`,
      { bucket, key, error: error.name, status },
      error,
    );
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;

const bucketNotFound = (bucket: string, cause: unknown): FieldmarkError =>
  new FieldmarkError("BUCKET_NOT_FOUND", `There is no bucket ${bucket}`, { bucket }, cause);

const unquoted = (etag: string | undefined): string => (etag ?? "").replaceAll('"', "");

/** Lists are asked for url-encoded, since XML cannot hold every key. */
const decodeKey = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
