import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { bucketFolder } from "./bucket-folder.ts";
import type { Draft } from "./draft.ts";
import { writeDurably } from "./durable-file.ts";
import { ABSENT, unless } from "./errno.ts";
import type { FilePiece } from "./file-orders.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { Upload, UploadPart, UploadRef } from "./upload-info.ts";

/** The file that is to be the object, with the parts that have their place in it. */
const OBJECT = "object";

/** A part as stored. */
export interface StoredPart extends UploadPart {
  /** File in the upload's folder: the part's own, or `OBJECT`. */
  readonly body: string;
  /** bytes of the file before the part's */
  readonly offset: number;
}

/** A part's bytes, written and not yet durable. */
export interface PartBody {
  sync(): Promise<void>;
  /** Where they are: a file still to be moved into the upload's folder, or their place in the upload's object. */
  readonly at: Draft | { readonly offset: number };
}

interface UploadRecord extends Omit<Upload, "initiated"> {
  readonly initiated: string;
}

interface PartRecord extends Omit<StoredPart, "lastModified" | "offset"> {
  readonly lastModified: string;
  /** Absent in records of before there were places: 0. */
  readonly offset?: number;
}

const UPLOAD_ID = /^[\w-]{1,128}$/;
const RECORD = "upload.json";
const PART_RECORD = /^part-(\d{5})\.json$/;

/** `<root>/<bucket>/<uploadId>/{upload.json,part-00001.json,object,<bodies>}`: a part is there when its record is. */
export class UploadFiles {
  readonly #root: string;
  readonly #temporary: string;
  readonly #folders: FolderSync;

  constructor(root: string, temporary: string, folders: FolderSync) {
    this.#root = root;
    this.#temporary = temporary;
    this.#folders = folders;
  }

  async create(upload: Upload): Promise<void> {
    const bucket = bucketFolder(this.#root, upload.bucket);
    const draft = join(this.#temporary, randomUUID());
    await mkdir(draft);
    await writeDurably(join(draft, RECORD), JSON.stringify(upload));
    await this.#folders.sync(draft);
    await mkdir(bucket, { recursive: true });
    await this.#folders.sync(this.#root);
    await rename(draft, join(bucket, upload.uploadId));
    await this.#folders.sync(bucket);
  }

  /** null when there is no such upload of this key. */
  async read({ bucket, key, uploadId }: UploadRef): Promise<Upload | null> {
    if (!UPLOAD_ID.test(uploadId)) return null;
    const upload = await this.#readRecord(bucket, uploadId);
    return upload?.key === key ? upload : null;
  }

  async list(bucket: string): Promise<readonly Upload[]> {
    const ids = (await unless(ABSENT, readdir(bucketFolder(this.#root, bucket)))) ?? [];
    const uploads: Upload[] = [];
    for (const id of ids) {
      const upload = await this.#readRecord(bucket, id);
      if (upload !== null) uploads.push(upload);
    }
    return uploads;
  }

  /** A part is there from now on; an earlier one of this number is replaced. false when the upload is gone. */
  async addPart(ref: UploadRef, part: UploadPart, { sync, at }: PartBody): Promise<boolean> {
    const folder = this.#folderOf(ref);
    const record = join(folder, recordName(part.number));
    const place = "path" in at ? { body: basename(at.path), offset: 0 } : { body: OBJECT, ...at };
    const recordDraft = join(this.#temporary, randomUUID());
    try {
      const text = JSON.stringify({ ...part, ...place } satisfies StoredPart);
      await Promise.all([sync(), writeDurably(recordDraft, text)]);
      const before = await this.#readPart(record);
      if (
        "path" in at &&
        (await unless(
          ABSENT,
          at.moveTo(join(folder, place.body)).then(() => true),
        )) === null
      )
        return false;
      // The body's name is durable no later than the record that names it: one fsync covers both renames.
      if (
        (await unless(
          ABSENT,
          rename(recordDraft, record).then(() => true),
        )) === null
      )
        return false;
      if (
        (await unless(
          ABSENT,
          this.#folders.sync(folder).then(() => true),
        )) === null
      )
        return false;
      if (before !== null && before.body !== OBJECT) await unless(ABSENT, unlink(join(folder, before.body)));
      return true;
    } finally {
      await rm(recordDraft, { force: true });
    }
  }

  /** In the order of their numbers. */
  async parts(ref: UploadRef): Promise<readonly StoredPart[]> {
    const folder = this.#folderOf(ref);
    const names = ((await unless(ABSENT, readdir(folder))) ?? [])
      .filter((name) => PART_RECORD.test(name))
      .sort();
    const parts: StoredPart[] = [];
    for (const name of names) {
      const part = await this.#readPart(join(folder, name));
      if (part !== null) parts.push(part);
    }
    return parts;
  }

  /** Where a part's bytes are. */
  pieceOf(ref: UploadRef, { body, offset, size }: StoredPart): FilePiece {
    return { path: join(this.#folderOf(ref), body), offset, size };
  }

  /** The file that is to be the object. */
  objectPath(ref: UploadRef): string {
    return join(this.#folderOf(ref), OBJECT);
  }

  /** Whole or not at all: a crash leaves no half of an upload. */
  async remove(ref: UploadRef): Promise<void> {
    const gone = join(this.#temporary, randomUUID());
    const moved = await unless(
      ABSENT,
      rename(this.#folderOf(ref), gone).then(() => true),
    );
    if (moved === null) return;
    await this.#folders.sync(bucketFolder(this.#root, ref.bucket));
    await rm(gone, { recursive: true, force: true });
  }

  async #readRecord(bucket: string, uploadId: string): Promise<Upload | null> {
    const text = await unless(
      ABSENT,
      readFile(join(bucketFolder(this.#root, bucket), uploadId, RECORD), "utf8"),
    );
    if (text === null) return null;
    const record = JSON.parse(text) as UploadRecord;
    return { ...record, initiated: new Date(record.initiated) };
  }

  async #readPart(path: string): Promise<StoredPart | null> {
    const text = await unless(ABSENT, readFile(path, "utf8"));
    if (text === null) return null;
    const record = JSON.parse(text) as PartRecord;
    return { ...record, lastModified: new Date(record.lastModified), offset: record.offset ?? 0 };
  }

  #folderOf({ bucket, uploadId }: UploadRef): string {
    return join(bucketFolder(this.#root, bucket), uploadId);
  }
}

/** Whether these parts, and nothing else, fill the file that is to be the object, one behind the other. */
export function fillObject(parts: readonly StoredPart[]): boolean {
  let end = 0;
  return parts.every(({ body, offset, size }) => {
    const follows = body === OBJECT && offset === end;
    end += size;
    return follows;
  });
}

const recordName = (number: number): string => `part-${String(number).padStart(5, "0")}.json`;
