import { statusAt } from "./at-once.ts";
import type { Bodies } from "./bodies.ts";
import { bucketFolder } from "./bucket-folder.ts";
import type { Levels } from "./level.ts";
import { type ListedKey, listKeys } from "./list-keys.ts";
import type { ListedObject, ListOptions, ObjectPage } from "./object-info.ts";
import type { Objects } from "./objects.ts";

const PAGE = 1000;
/** Objects looked at together. */
const TOGETHER = 64;

export interface ListDeps {
  readonly bodies: Bodies;
  readonly objects: Objects;
  readonly levels: Levels;
}

/** One page of a list. */
export async function listPage(
  { bucket, options }: { readonly bucket: string; readonly options: ListOptions },
  { bodies, objects, levels }: ListDeps,
): Promise<ObjectPage> {
  const maxKeys = options.maxKeys ?? PAGE;
  const query = {
    prefix: options.prefix ?? "",
    delimiter: options.delimiter ?? "",
    after: options.startAfter ?? "",
  };
  const found: ListedKey[] = [];
  let next: string | null = null;
  if (maxKeys > 0) {
    for await (const listed of listKeys(bucketFolder(bodies.root, bucket), query, levels)) {
      if (found.length === maxKeys) {
        next = nameOf(found[found.length - 1]);
        break;
      }
      found.push(listed);
    }
  }
  const keys = found.filter((listed) => "key" in listed);
  const page: ListedObject[] = [];
  for (let i = 0; i < keys.length; i += TOGETHER) {
    const some = keys.slice(i, i + TOGETHER);
    const described = await Promise.all(
      some.map(({ key, path }) => describe({ bucket, key }, path, objects)),
    );
    page.push(...described.filter((object) => object !== null));
  }
  return {
    objects: page,
    commonPrefixes: found.flatMap((listed) => ("commonPrefix" in listed ? [listed.commonPrefix] : [])),
    next,
  };
}

const nameOf = (listed: ListedKey | undefined): string | null =>
  listed === undefined ? null : "key" in listed ? listed.key : listed.commonPrefix;

/** null when the object is gone since its name was read. */
async function describe(
  ref: { readonly bucket: string; readonly key: string },
  path: string,
  objects: Objects,
): Promise<ListedObject | null> {
  const status = statusAt(path);
  const known = status?.isFile() ? await objects.known(ref, { path, status }) : null;
  const info = known ?? (await objects.info(ref));
  if (info === null) return null;
  const { key, size, etag, lastModified, attributes } = info;
  return {
    key,
    size,
    etag,
    lastModified,
    storageClass: attributes.storageClass,
    checksums: attributes.checksums ?? [],
  };
}
