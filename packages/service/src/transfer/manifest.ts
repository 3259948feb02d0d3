import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectStore } from "@fieldmark/object-store";
import type { InputObject } from "./input-object.ts";
import { parseS3Uri } from "./s3-uri.ts";

/** Bytes of a manifest: about a million keys. */
const MAX_BYTES = 64 << 20;

/**
 * Objects that a manifest names, in the order of their keys, each once.
 *
 * @throws INPUT_MANIFEST, INPUT_NOT_FOUND; the message names the manifest's URI
 */
export async function readManifest(store: ObjectStore, uri: string): Promise<readonly InputObject[]> {
  const ref = parseS3Uri(uri);
  const summary = await headOf(store, ref);
  if (summary === null) {
    throw new FieldmarkError("INPUT_NOT_FOUND", `There is no manifest at S3 URL "${uri}".`, { uri });
  }
  if (summary.size > MAX_BYTES) {
    throw badManifest(uri, `it has ${summary.size} bytes, at most ${MAX_BYTES} are read`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await store.get(ref)) chunks.push(chunk as Buffer);
  return parseManifest(Buffer.concat(chunks), uri);
}

async function headOf(store: ObjectStore, ref: { readonly bucket: string; readonly key: string }) {
  try {
    return ref.key === "" ? null : await store.head(ref);
  } catch (error) {
    if (error instanceof FieldmarkError && error.fault === "input") return null;
    throw error;
  }
}

/**
 * `[{"prefix": "s3://bucket/folder/"}, "key", …]`: each key is appended to the prefix and is its path below LocalPath.
 *
 * @throws INPUT_MANIFEST
 */
export function parseManifest(bytes: Uint8Array, uri: string): readonly InputObject[] {
  const [head, ...keys] = manifestArray(bytes, uri);
  const prefix = prefixOf(head, uri);
  const objects = new Map<string, InputObject>();
  for (const [index, name] of keys.entries()) {
    if (typeof name !== "string" || name === "") {
      throw badManifest(uri, `entry ${index + 2} is ${excerpt(name)}, expected a key`);
    }
    objects.set(name, { bucket: prefix.bucket, key: prefix.key + name, path: name });
  }
  const ordered = [...objects.values()].map((object) => ({ object, bytes: Buffer.from(object.key) }));
  return ordered.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ object }) => object);
}

function manifestArray(bytes: Uint8Array, uri: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw badManifest(uri, error instanceof SyntaxError ? error.message : "it is not UTF-8");
  }
  if (!Array.isArray(value)) throw badManifest(uri, `it is ${excerpt(value)}, expected an array`);
  return value;
}

function prefixOf(head: unknown, uri: string): { readonly bucket: string; readonly key: string } {
  const prefix =
    typeof head === "object" && head !== null && Object.hasOwn(head, "prefix")
      ? (head as { prefix: unknown }).prefix
      : undefined;
  if (typeof prefix !== "string" || !/^s3:\/\/[^/]+/.test(prefix)) {
    throw badManifest(uri, `its first entry is ${excerpt(head)}, expected {"prefix": "s3://…"}`);
  }
  return parseS3Uri(prefix);
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function badManifest(uri: string, reason: string): FieldmarkError {
  return new FieldmarkError("INPUT_MANIFEST", `The manifest at S3 URL "${uri}" cannot be used: ${reason}.`, {
    uri,
  });
}
