import { lstat } from "node:fs/promises";
import type { ObjectRef } from "../object-store.ts";
import type { OpenBody } from "./bodies.ts";
import { copyDraft, type Draft, writeDraft } from "./draft.ts";
import { ABSENT, unless } from "./errno.ts";
import type { Checksum, CopyOptions, ObjectInfo } from "./object-info.ts";
import type { Objects, OpenObject } from "./objects.ts";
import { identityOf } from "./sidecars.ts";

interface Copy {
  readonly source: ObjectRef;
  readonly target: ObjectRef;
  readonly options: CopyOptions;
}

interface CopyDeps {
  readonly objects: Objects;
  readonly temporary: string;
}

/** null when there is no source. */
export async function copyObject(
  { source, target, options }: Copy,
  { objects, temporary }: CopyDeps,
): Promise<ObjectInfo | null> {
  const opened = await objects.open(source);
  if (opened === null) return null;
  try {
    const { info } = opened;
    const described = options.beforeCopy?.(info);
    const { draft, etag } = await draftOf(opened, temporary);
    await using _disposed = draft;
    const kept = described ??
      options.attributes ?? {
        ...info.attributes,
        checksums: wholeOnly(info.attributes.checksums),
      };
    const sidecar = { key: target.key, etag, attributes: kept, parts: [], uploadId: null };
    return await objects.commit(target, { draft, sidecar }, options.conditions);
  } finally {
    await opened.body.handle.close();
  }
}

/** A copy has no parts, so its etag is the md5 of the whole, as on S3. */
async function draftOf(
  { body, info }: OpenObject,
  temporary: string,
): Promise<{ readonly draft: Draft; readonly etag: string }> {
  if (info.parts.length === 0) {
    const draft = await unless(ABSENT, copyDraft(temporary, body.path));
    // The path was copied, the handle is the object: the same unless the key changed meanwhile.
    if (draft !== null && (await isStill(body))) return { draft, etag: info.etag };
    await draft?.[Symbol.asyncDispose]();
  }
  const stream = body.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 });
  const draft = await writeDraft(temporary, stream);
  return { draft, etag: draft.md5.toString("hex") };
}

async function isStill(body: OpenBody): Promise<boolean> {
  const now = await unless(ABSENT, lstat(body.path, { bigint: true }));
  return now !== null && identityOf(now) === identityOf(body.status);
}

const wholeOnly = (checksums: readonly Checksum[] | undefined): readonly Checksum[] | undefined =>
  checksums?.filter(({ type }) => type === "FULL_OBJECT");
