import type { ListedObject } from "@fieldmark/object-store";
import { readList } from "../object-list.ts";
import type { Operation } from "../operation.ts";
import { ownerXml } from "../owner.ts";
import { fromToken, type KeyEncoding, toToken } from "../paging.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";

/** ListObjects, the first version: places are keys, the owner is always told. */
export const listObjectsV1: Operation = async (request, context) => {
  const { query, bucket } = request;
  const marker = query.get("marker") ?? "";
  const list = await readList(request, context, marker);
  const { encode, delimiter } = list;
  return xmlResponse(
    toXml("ListBucketResult", [
      ["Name", bucket],
      ["Prefix", encode(list.prefix)],
      ["Marker", encode(marker)],
      list.next !== null && delimiter !== undefined ? ["NextMarker", encode(list.next)] : null,
      ["MaxKeys", list.maxKeys],
      delimiter === undefined ? null : ["Delimiter", encode(delimiter)],
      ["EncodingType", query.get("encoding-type")],
      ["IsTruncated", list.next !== null],
      ...list.objects.map((object) => contentsXml(object, encode, true)),
      ...list.prefixes,
    ]),
  );
};

export const listObjectsV2: Operation = async (request, context) => {
  const { query, bucket } = request;
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const list = await readList(
    request,
    context,
    token === undefined || token === "" ? (startAfter ?? "") : fromToken(token),
  );
  const { encode, delimiter } = list;
  const hasOwner = query.get("fetch-owner") === "true";
  return xmlResponse(
    toXml("ListBucketResult", [
      ["Name", bucket],
      ["Prefix", encode(list.prefix)],
      startAfter === undefined ? null : ["StartAfter", encode(startAfter)],
      ["ContinuationToken", token],
      list.next === null ? null : ["NextContinuationToken", toToken(list.next)],
      ["KeyCount", list.objects.length + list.prefixes.length],
      ["MaxKeys", list.maxKeys],
      delimiter === undefined ? null : ["Delimiter", encode(delimiter)],
      ["EncodingType", query.get("encoding-type")],
      ["IsTruncated", list.next !== null],
      ...list.objects.map((object) => contentsXml(object, encode, hasOwner)),
      ...list.prefixes,
    ]),
  );
};

const contentsXml = (object: ListedObject, encode: KeyEncoding, hasOwner: boolean): XmlEntry => [
  "Contents",
  [
    ["Key", encode(object.key)],
    ["LastModified", object.lastModified],
    ["ETag", `"${object.etag}"`],
    ...object.checksums.map(({ algorithm }): XmlEntry => ["ChecksumAlgorithm", algorithm]),
    ...object.checksums.map(({ type }): XmlEntry => ["ChecksumType", type]),
    ["Size", object.size],
    hasOwner ? ownerXml("Owner") : null,
    ["StorageClass", object.storageClass ?? "STANDARD"],
  ],
];
