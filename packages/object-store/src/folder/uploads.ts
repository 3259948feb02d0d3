import { createHash, randomBytes } from "node:crypto";
import { FieldmarkError } from "@fieldmark/contract";
import { compareKeys } from "../key-order.ts";
import { checkKey } from "../names.ts";
import type { ObjectRef } from "../object-store.ts";
import { statusAt } from "./at-once.ts";
import type { Buckets } from "./buckets.ts";
import { type Draft, joinedDraft, wholeDraft, writeDraft, writePlaced } from "./draft.ts";
import { asDiskError } from "./errno.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import type { ByteRange, ObjectInfo } from "./object-info.ts";
import type { Objects } from "./objects.ts";
import { claimParts } from "./part-claims.ts";
import { PartPlaces } from "./part-places.ts";
import { readRange } from "./read-range.ts";
import { fillObject, type PartBody, type StoredPart, UploadFiles } from "./upload-files.ts";
import type {
  CompleteOptions,
  CreateUploadOptions,
  PartClaim,
  PutPartOptions,
  Upload,
  UploadPart,
  UploadRef,
} from "./upload-info.ts";

const MAX_PARTS = 10_000;

/** A part on its way in. */
interface PartSource {
  readonly body: AsyncIterable<Uint8Array>;
  readonly size?: number | undefined;
  readonly options?: PutPartOptions;
}

export interface UploadsDeps {
  readonly root: string;
  readonly temporary: string;
  readonly buckets: Buckets;
  readonly objects: Objects;
  readonly folders: FolderSync;
  readonly locks: KeyedLock;
  readonly now: () => Date;
}

/** Multipart uploads: durable at every step, and the object appears at once when one is completed. */
export class Uploads {
  readonly #deps: UploadsDeps;
  readonly #files: UploadFiles;
  readonly #places = new PartPlaces();

  constructor(deps: UploadsDeps) {
    this.#deps = deps;
    this.#files = new UploadFiles(deps.root, deps.temporary, deps.folders);
  }

  /** @throws BUCKET_NOT_FOUND, KEY_INVALID, KEY_TOO_LONG */
  create(ref: ObjectRef, options: CreateUploadOptions = {}): Promise<Upload> {
    return this.#do(`Starting an upload of ${ref.key}`, async () => {
      checkKey(ref.key);
      await this.#deps.buckets.require(ref.bucket);
      const upload: Upload = {
        bucket: ref.bucket,
        key: ref.key,
        uploadId: randomBytes(24).toString("base64url"),
        initiated: this.#deps.now(),
        attributes: options.attributes ?? {},
        checksumAlgorithm: options.checksumAlgorithm,
        checksumType: options.checksumType,
      };
      await this.#files.create(upload);
      this.#places.begin(upload.uploadId);
      return upload;
    });
  }

  /** @throws UPLOAD_NOT_FOUND */
  async get(ref: UploadRef): Promise<Upload> {
    const upload = await this.#files.read(ref);
    if (upload === null) throw uploadNotFound(ref);
    return upload;
  }

  /** By key, then by time. @throws BUCKET_NOT_FOUND */
  async list(bucket: string, prefix = ""): Promise<readonly Upload[]> {
    await this.#deps.buckets.require(bucket);
    const uploads = (await this.#files.list(bucket)).filter(({ key }) => key.startsWith(prefix));
    return uploads.sort(
      (a, b) =>
        compareKeys(a.key, b.key) ||
        a.initiated.getTime() - b.initiated.getTime() ||
        (a.uploadId < b.uploadId ? -1 : 1),
    );
  }

  /** By number. @throws UPLOAD_NOT_FOUND */
  async listParts(ref: UploadRef): Promise<readonly UploadPart[]> {
    await this.get(ref);
    return (await this.#files.parts(ref)).map(({ body: _, offset: __, ...part }) => part);
  }

  /**
   * Durable when it resolves; the number's earlier part is replaced.
   *
   * @param source with the body's size in bytes, where it is known: a body that then has another one is an error
   * @throws UPLOAD_NOT_FOUND, PART_INVALID, DISK
   */
  putPart(ref: UploadRef, number: number, source: PartSource): Promise<UploadPart> {
    return this.#do(`Writing part ${number} of ${ref.key}`, async () => {
      if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
        throw new FieldmarkError("PART_INVALID", `Part number ${number}, expected 1–${MAX_PARTS}`, {
          number,
        });
      }
      await this.get(ref);
      const { size, options = {} } = source;
      const body = size === undefined ? source.body : exactly(source.body, size);
      using place = size === undefined ? null : this.#places.take(ref.uploadId, number, size);
      if (size === undefined || place === null) {
        await using draft = await writeDraft(this.#deps.temporary, body);
        return await this.#addPart(ref, { number, ...draft, options }, { ...draft, at: draft });
      }
      const { offset } = place;
      await using placed = await writePlaced(this.#files.objectPath(ref), body, offset);
      if (placed === null) throw uploadNotFound(ref);
      // before the record names it, so that nobody writes there whatever becomes of the recording
      place.keep();
      return await this.#addPart(ref, { number, size, ...placed, options }, { ...placed, at: { offset } });
    });
  }

  async #addPart(
    ref: UploadRef,
    written: Pick<UploadPart, "number" | "size" | "lastModified"> & {
      readonly md5: Buffer;
      readonly options: PutPartOptions;
    },
    body: PartBody,
  ): Promise<UploadPart> {
    const { number, size, lastModified, md5, options } = written;
    const late = await options.beforeCommit?.({ size, md5 });
    const checksums = late ?? options.checksums ?? [];
    const part: UploadPart = { number, size, etag: md5.toString("hex"), lastModified, checksums };
    const added = await this.#lock(ref, () => this.#files.addPart(ref, part, body));
    if (!added) throw uploadNotFound(ref);
    return part;
  }

  /**
   * A part from an object, or from a range of it.
   * @throws OBJECT_NOT_FOUND, RANGE_INVALID, UPLOAD_NOT_FOUND, PART_INVALID, DISK
   */
  async copyPart(
    ref: UploadRef,
    number: number,
    source: {
      readonly from: ObjectRef;
      readonly range?: ByteRange | undefined;
      readonly beforeCopy?: ((source: ObjectInfo) => void) | undefined;
      readonly options?: PutPartOptions;
    },
  ): Promise<UploadPart> {
    checkKey(source.from.key);
    const opened = await this.#deps.objects.open(source.from);
    if (opened === null) {
      await this.#deps.buckets.require(source.from.bucket);
      throw new FieldmarkError("OBJECT_NOT_FOUND", `There is no object ${source.from.key}`, {
        ...source.from,
      });
    }
    const { body, info } = opened;
    try {
      source.beforeCopy?.(info);
      const { offset, length } = source.range ?? { offset: 0, length: info.size };
      if (offset + length > info.size) {
        throw new FieldmarkError("RANGE_INVALID", `Bytes ${offset}–${offset + length - 1} of ${info.size}`, {
          size: info.size,
        });
      }
      const bytes = readRange(body.handle, { offset, length });
      return await this.putPart(ref, number, { body: bytes, size: length, options: source.options ?? {} });
    } finally {
      await body.handle.close();
    }
  }

  /**
   * The claimed parts become the object. Completing again an upload whose object is still there answers with it.
   * @throws UPLOAD_NOT_FOUND, PART_INVALID, PART_ORDER_INVALID, PART_TOO_SMALL, PRECONDITION_FAILED, DISK
   */
  complete(ref: UploadRef, claims: readonly PartClaim[], options: CompleteOptions = {}): Promise<ObjectInfo> {
    return this.#do(`Completing the upload of ${ref.key}`, () =>
      this.#lock(ref, async () => {
        const upload = await this.#files.read(ref);
        if (upload === null) return await this.#completedBefore(ref);
        const parts = claimParts(claims, await this.#files.parts(ref));
        options.beforeAssembly?.(parts, upload);
        await using draft = await this.#assemble(ref, parts);
        // A crash came between the object's appearance and the upload's end.
        const info =
          draft === null
            ? await this.#completedBefore(ref)
            : await this.#commit({ upload, parts, draft }, options);
        await this.#remove(ref);
        return info;
      }),
    );
  }

  /** null where the file that is to be the object is gone: it is the object. */
  async #assemble(ref: UploadRef, parts: readonly StoredPart[]): Promise<Draft | null> {
    const isIdle = this.#places.close(ref.uploadId);
    const path = this.#files.objectPath(ref);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const whole = isIdle && fillObject(parts) ? await wholeDraft(path, size) : null;
    if (whole !== null) return whole;
    const pieces = parts.map((part) => this.#files.pieceOf(ref, part));
    if (pieces.some((piece) => piece.path === path) && statusAt(path) === null) return null;
    return await joinedDraft(this.#deps.temporary, pieces);
  }

  async #remove(ref: UploadRef): Promise<void> {
    await this.#files.remove(ref);
    this.#places.forget(ref.uploadId);
  }

  /** @throws UPLOAD_NOT_FOUND */
  abort(ref: UploadRef): Promise<void> {
    return this.#do(`Aborting the upload of ${ref.key}`, () =>
      this.#lock(ref, async () => {
        await this.get(ref);
        await this.#remove(ref);
      }),
    );
  }

  async abortAll(bucket: string): Promise<void> {
    for (const upload of await this.#files.list(bucket)) await this.#remove(upload);
  }

  async #commit(
    {
      upload,
      parts,
      draft,
    }: { readonly upload: Upload; readonly parts: readonly StoredPart[]; readonly draft: Draft },
    options: CompleteOptions,
  ): Promise<ObjectInfo> {
    const etag = etagOfParts(parts);
    const late = await options.beforeCommit?.({ size: draft.size, etag }, parts);
    const sidecar = {
      key: upload.key,
      etag,
      attributes: { ...upload.attributes, ...late },
      parts: parts.map(({ number, size, checksums }) => ({ number, size, checksums })),
      uploadId: upload.uploadId,
    };
    return await this.#deps.objects.commit(upload, { draft, sidecar }, options.conditions);
  }

  async #completedBefore(ref: UploadRef): Promise<ObjectInfo> {
    const { objects } = this.#deps;
    const info = (await objects.uploadIdOf(ref)) === ref.uploadId ? await objects.info(ref) : null;
    if (info === null) throw uploadNotFound(ref);
    return info;
  }

  #lock<T>({ bucket, uploadId }: UploadRef, action: () => Promise<T>): Promise<T> {
    return this.#deps.locks.run(`upload ${bucket} ${uploadId}`, action);
  }

  async #do<T>(doing: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw asDiskError(error, doing);
    }
  }
}

/** What is announced and no more: in the object's file other parts lie behind it. */
async function* exactly(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const chunk of body) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new Error(`a body of ${size} bytes was announced, ${size - left} came`);
}

/** S3's etag of an object made of parts: the md5 of their md5s, and how many they were. */
function etagOfParts(parts: readonly UploadPart[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(etag, "hex");
  return `${hash.digest("hex")}-${parts.length}`;
}

const uploadNotFound = ({ bucket, key, uploadId }: UploadRef): FieldmarkError =>
  new FieldmarkError("UPLOAD_NOT_FOUND", `There is no upload ${uploadId} of s3://${bucket}/${key}`, {
    bucket,
    key,
    uploadId,
  });
