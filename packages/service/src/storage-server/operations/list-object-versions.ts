import { readList } from "../object-list.ts";
import type { Operation } from "../operation.ts";
import { ownerXml } from "../owner.ts";
import { invalidArgument } from "../s3-errors.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";

/** A bucket that never was versioned: each object has one version, which is called `null`. */
export const listObjectVersions: Operation = async (request, context) => {
  const { query, bucket } = request;
  const keyMarker = query.get("key-marker") ?? "";
  const versionMarker = query.get("version-id-marker") ?? "";
  if (versionMarker !== "" && keyMarker === "") {
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      versionMarker,
    );
  }
  const { prefix, delimiter, maxKeys, encode, objects, prefixes, next } = await readList(
    request,
    context,
    keyMarker,
  );
  return xmlResponse(
    toXml("ListVersionsResult", [
      ["Name", bucket],
      ["Prefix", encode(prefix)],
      ["KeyMarker", encode(keyMarker)],
      ["VersionIdMarker", versionMarker],
      ...(next === null
        ? []
        : ([
            ["NextKeyMarker", encode(next)],
            ["NextVersionIdMarker", "null"],
          ] as const)),
      ["MaxKeys", maxKeys],
      delimiter === undefined ? null : ["Delimiter", encode(delimiter)],
      ["EncodingType", query.get("encoding-type")],
      ["IsTruncated", next !== null],
      ...objects.map(
        ({ key, lastModified, etag, size, storageClass }): XmlEntry => [
          "Version",
          [
            ["Key", encode(key)],
            ["VersionId", "null"],
            ["IsLatest", true],
            ["LastModified", lastModified],
            ["ETag", `"${etag}"`],
            ["Size", size],
            ownerXml("Owner"),
            ["StorageClass", storageClass ?? "STANDARD"],
          ],
        ],
      ),
      ...prefixes,
    ]),
  );
};
