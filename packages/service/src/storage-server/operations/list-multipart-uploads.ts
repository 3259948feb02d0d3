import { compareKeys, type Upload } from "@fieldmark/object-store";
import type { Operation } from "../operation.ts";
import { ownerXml } from "../owner.ts";
import { type KeyEncoding, readCount, readEncoding } from "../paging.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";

/** One line of the list: an upload, or all those below a common prefix. */
type Entry = { readonly upload: Upload } | { readonly commonPrefix: string };

export const listMultipartUploads: Operation = async ({ bucket, query }, { store }) => {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") || undefined;
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const limit = readCount(query, "max-uploads");
  const encode = readEncoding(query);
  const uploads = await store.uploads.list(bucket, prefix);
  const entries = rollUp(afterMarkers(uploads, keyMarker, idMarker), { prefix, delimiter }).filter(
    (entry) => "upload" in entry || compareKeys(entry.commonPrefix, keyMarker) > 0,
  );
  const page = entries.slice(0, limit);
  const isTruncated = limit > 0 && entries.length > page.length;
  return xmlResponse(
    toXml("ListMultipartUploadsResult", [
      ["Bucket", bucket],
      ["KeyMarker", encode(keyMarker)],
      ["UploadIdMarker", idMarker],
      ...(isTruncated ? nextMarkers(page.at(-1), encode) : []),
      ["Prefix", encode(prefix)],
      delimiter === undefined ? null : ["Delimiter", encode(delimiter)],
      ["EncodingType", query.get("encoding-type")],
      ["MaxUploads", limit],
      ["IsTruncated", isTruncated],
      ...page.flatMap((entry) => ("upload" in entry ? [uploadXml(entry.upload, encode)] : [])),
      ...page.flatMap((entry) =>
        "upload" in entry
          ? []
          : [["CommonPrefixes", [["Prefix", encode(entry.commonPrefix)]]] satisfies XmlEntry],
      ),
    ]),
  );
};

/** Behind the key; of the key itself those behind the named upload, in the list's own order. */
function afterMarkers(uploads: readonly Upload[], keyMarker: string, idMarker: string): readonly Upload[] {
  if (keyMarker === "") return uploads;
  const named = uploads.findIndex(({ key, uploadId }) => key === keyMarker && uploadId === idMarker);
  return uploads.filter(({ key }, i) => {
    const order = compareKeys(key, keyMarker);
    return order > 0 || (order === 0 && named >= 0 && i > named);
  });
}

function rollUp(
  uploads: readonly Upload[],
  { prefix, delimiter }: { readonly prefix: string; readonly delimiter: string | undefined },
): readonly Entry[] {
  const entries: Entry[] = [];
  let last: string | null = null;
  for (const upload of uploads) {
    const end = delimiter === undefined ? -1 : upload.key.indexOf(delimiter, prefix.length);
    if (end < 0 || delimiter === undefined) {
      entries.push({ upload });
      continue;
    }
    const commonPrefix = upload.key.slice(0, end + delimiter.length);
    if (commonPrefix !== last) entries.push({ commonPrefix });
    last = commonPrefix;
  }
  return entries;
}

function nextMarkers(last: Entry | undefined, encode: KeyEncoding): readonly XmlEntry[] {
  if (last === undefined) return [];
  return "upload" in last
    ? [
        ["NextKeyMarker", encode(last.upload.key)],
        ["NextUploadIdMarker", last.upload.uploadId],
      ]
    : [["NextKeyMarker", encode(last.commonPrefix)]];
}

const uploadXml = (upload: Upload, encode: KeyEncoding): XmlEntry => [
  "Upload",
  [
    ["Key", encode(upload.key)],
    ["UploadId", upload.uploadId],
    ownerXml("Initiator"),
    ownerXml("Owner"),
    ["StorageClass", upload.attributes.storageClass ?? "STANDARD"],
    ["Initiated", upload.initiated],
    ["ChecksumAlgorithm", upload.checksumAlgorithm],
    ["ChecksumType", upload.checksumType],
  ],
];
