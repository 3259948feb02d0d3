import { createHash } from "node:crypto";
import { type FileHandle, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectRef } from "../object-store.ts";
import type { Bodies, FoundBody, OpenBody } from "./bodies.ts";
import type { Draft } from "./draft.ts";
import type { ObjectInfo, PutConditions } from "./object-info.ts";
import { identityOf, type Sidecar, type Sidecars } from "./sidecars.ts";

/** Digests of files without metadata that are remembered. */
const REMEMBERED = 100_000;
const HASH_BYTES = 1 << 20;

export interface OpenObject {
  readonly body: OpenBody;
  readonly info: ObjectInfo;
}

/** Bodies with their sidecars: what is visible, and how it changes. */
export class Objects {
  readonly #bodies: Bodies;
  readonly #sidecars: Sidecars;
  readonly #etags = new Map<string, string>();

  constructor(bodies: Bodies, sidecars: Sidecars) {
    this.#bodies = bodies;
    this.#sidecars = sidecars;
  }

  async info(ref: ObjectRef): Promise<ObjectInfo | null> {
    const found = await this.#bodies.find(ref);
    if (found === null) return null;
    const known = await this.known(ref, found);
    if (known !== null) return known;
    const opened = await this.open(ref);
    await opened?.body.handle.close();
    return opened?.info ?? null;
  }

  /** What is recorded of a body; null when it was replaced meanwhile or somebody put the file there by hand. */
  async known(ref: ObjectRef, body: FoundBody): Promise<ObjectInfo | null> {
    const sidecar = await this.#sidecars.read(ref.bucket, identityOf(body.status));
    return sidecar === null ? null : toInfo(ref.key, body, sidecar);
  }

  /** The caller closes the handle. */
  async open(ref: ObjectRef): Promise<OpenObject | null> {
    for (;;) {
      const body = await this.#bodies.open(ref);
      if (body === null) return null;
      try {
        const info = await this.#describe(ref, body);
        if (info !== null) return { body, info };
      } catch (error) {
        await body.handle.close();
        throw error;
      }
      await body.handle.close();
    }
  }

  /**
   * Makes a draft the key's object: body and sidecar durable first, then one rename that shows both.
   * @throws PRECONDITION_FAILED, OBJECT_NOT_FOUND (ifMatch without an object), BUCKET_NOT_FOUND
   */
  async commit(
    ref: ObjectRef,
    { draft, sidecar }: { readonly draft: Draft; readonly sidecar: Sidecar },
    conditions: PutConditions = {},
  ): Promise<ObjectInfo> {
    const { previous, path } = await this.#show(ref, { draft, sidecar }, conditions).catch(async (error) => {
      await this.#sidecars.remove(ref.bucket, draft.identity);
      throw error;
    });
    try {
      await this.#bodies.settle(path);
      // While the old body is open its inode's number cannot be given to a new one.
      if (previous !== null) await this.#sidecars.remove(ref.bucket, identityOf(previous.status));
    } finally {
      await previous?.handle.close();
    }
    const { key, etag, attributes, parts } = sidecar;
    return { key, size: draft.size, etag, lastModified: draft.lastModified, attributes, parts };
  }

  /** Changes what is stored beside a body, atomically; null when there is no object. */
  amend(ref: ObjectRef, change: (info: ObjectInfo) => ObjectInfo["attributes"]): Promise<ObjectInfo | null> {
    return this.#bodies.lock(ref, async () => {
      const opened = await this.open(ref);
      if (opened === null) return null;
      const { body, info } = opened;
      try {
        const identity = identityOf(body.status);
        const stored = await this.#sidecars.read(ref.bucket, identity);
        const attributes = change(info);
        const { key, etag, parts } = info;
        const uploadId = stored?.uploadId ?? null;
        await this.#sidecars.replace(ref.bucket, identity, { key, etag, parts, attributes, uploadId });
        return { ...info, attributes };
      } finally {
        await body.handle.close();
      }
    });
  }

  /** Durable when it resolves. false when there was no object. */
  async remove(ref: ObjectRef, conditions: PutConditions = {}): Promise<boolean> {
    const removed = await this.#bodies.lock(ref, async () => {
      const body = await this.#bodies.open(ref);
      if (body === null) return null;
      try {
        await this.#judge(ref, body, conditions);
        await unlink(body.path);
        return body;
      } catch (error) {
        await body.handle.close();
        throw error;
      }
    });
    if (removed === null) return false;
    try {
      await this.#bodies.settle(removed.path);
      await this.#sidecars.remove(ref.bucket, identityOf(removed.status));
    } finally {
      await removed.handle.close();
    }
    await this.#bodies.prune(ref.bucket, dirname(removed.path));
    return true;
  }

  /** The upload that made the key's object, if one did. */
  async uploadIdOf(ref: ObjectRef): Promise<string | null> {
    const found = await this.#bodies.find(ref);
    if (found === null) return null;
    return (await this.#sidecars.read(ref.bucket, identityOf(found.status)))?.uploadId ?? null;
  }

  async #show(
    ref: ObjectRef,
    { draft, sidecar }: { readonly draft: Draft; readonly sidecar: Sidecar },
    conditions: PutConditions,
  ): Promise<{ readonly previous: OpenBody | null; readonly path: string }> {
    await Promise.all([draft.sync(), this.#sidecars.create(ref.bucket, draft.identity, sidecar)]);
    return this.#bodies.lock(ref, async () => {
      const previous = await this.#bodies.open(ref);
      try {
        await this.#judge(ref, previous, conditions);
        const path = await this.#bodies.place(draft, ref, previous?.path ?? null);
        return { previous, path };
      } catch (error) {
        await previous?.handle.close();
        throw error;
      }
    });
  }

  async #judge(
    ref: ObjectRef,
    body: OpenBody | null,
    { ifMatch, ifNoneMatch }: PutConditions,
  ): Promise<void> {
    if (ifMatch === undefined && ifNoneMatch === undefined) return;
    const etag = body === null ? null : ((await this.#describe(ref, body))?.etag ?? null);
    if (ifMatch !== undefined && etag === null) {
      throw new FieldmarkError("OBJECT_NOT_FOUND", `There is no object ${ref.key} to match`, { ...ref });
    }
    const held =
      (ifMatch === undefined || ifMatch === "*" || ifMatch === etag) &&
      (ifNoneMatch === undefined || etag === null || (ifNoneMatch !== "*" && ifNoneMatch !== etag));
    if (!held) {
      const condition = ifMatch === undefined ? "If-None-Match" : "If-Match";
      throw new FieldmarkError("PRECONDITION_FAILED", `${condition} does not hold for ${ref.key}`, {
        ...ref,
        condition,
      });
    }
  }

  /** null when the body was replaced or removed, and its sidecar with it, after it was opened. */
  async #describe(ref: ObjectRef, body: OpenBody): Promise<ObjectInfo | null> {
    const known = await this.known(ref, body);
    if (known !== null) return known;
    const now = await this.#bodies.find(ref);
    if (now === null || identityOf(now.status) !== identityOf(body.status)) return null;
    const etag = await this.#digest(body);
    return toInfo(ref.key, body, { etag, attributes: {}, parts: [] });
  }

  /** md5 of a file that somebody put into the bucket by hand. */
  async #digest(body: OpenBody): Promise<string> {
    const identity = identityOf(body.status);
    const remembered = this.#etags.get(identity);
    if (remembered !== undefined) return remembered;
    const etag = await md5Of(body.handle);
    if (this.#etags.size >= REMEMBERED) this.#etags.clear();
    if (identityOf(await body.handle.stat({ bigint: true })) === identity) this.#etags.set(identity, etag);
    return etag;
  }
}

const toInfo = (
  key: string,
  body: FoundBody,
  { etag, attributes, parts }: Pick<Sidecar, "etag" | "attributes" | "parts">,
): ObjectInfo => ({
  key,
  size: Number(body.status.size),
  etag,
  lastModified: body.status.mtime,
  attributes,
  parts,
});

async function md5Of(file: FileHandle): Promise<string> {
  const hash = createHash("md5");
  const buffer = Buffer.allocUnsafe(HASH_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
