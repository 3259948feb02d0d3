import type { ObjectInfo } from "@fieldmark/object-store";
import { checksumXml } from "../checksum-xml.ts";
import { type Operation, refOf, requireObject } from "../operation.ts";
import { readCount } from "../paging.ts";
import { invalidArgument } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";
import { refuseVersions } from "./get-object.ts";

const WANTED = "x-amz-object-attributes";

/** What each attribute adds to the document, in the order of the document. */
const ATTRIBUTES: Readonly<Record<string, (info: ObjectInfo, request: S3Request) => readonly XmlEntry[]>> = {
  ETag: ({ etag }) => [["ETag", etag]],
  Checksum: ({ attributes }) => {
    const checksum = checksumXml(attributes.checksums);
    return checksum.length === 0 ? [] : [["Checksum", checksum]];
  },
  ObjectParts: (info, request) => partsXml(info, request),
  StorageClass: ({ attributes }) => [["StorageClass", attributes.storageClass ?? "STANDARD"]],
  ObjectSize: ({ size }) => [["ObjectSize", size]],
};

export const getObjectAttributes: Operation = async (request, { store }) => {
  refuseVersions(request);
  const text = header(request, WANTED) ?? "";
  const wanted = text.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !Object.hasOwn(ATTRIBUTES, name));
  if (unknown !== undefined) throw invalidArgument("Invalid attribute name specified.", WANTED, unknown);
  const info = await requireObject(store, refOf(request));
  const entries = Object.entries(ATTRIBUTES).flatMap(([name, entry]) =>
    wanted.includes(name) ? entry(info, request) : [],
  );
  return xmlResponse(toXml("GetObjectAttributesResponse", entries), {
    "last-modified": info.lastModified.toUTCString(),
  });
};

/** Parts are told in full only where each has a checksum, as on S3; otherwise how many they are. */
function partsXml({ parts }: ObjectInfo, request: S3Request): readonly XmlEntry[] {
  if (parts.length === 0) return [];
  const given = new Map(
    ["x-amz-max-parts", "x-amz-part-number-marker"].flatMap((name) => {
      const value = header(request, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const limit = readCount(given, "x-amz-max-parts");
  const marker = readCount(given, "x-amz-part-number-marker", { most: 10_000, otherwise: 0 });
  const after = parts.filter(({ number }) => number > marker);
  const page = after.slice(0, limit);
  const hasChecksums = parts.every(({ checksums }) => checksums.length > 0);
  return [
    [
      "ObjectParts",
      [
        ["PartsCount", parts.length],
        ["PartNumberMarker", marker],
        ["NextPartNumberMarker", page.at(-1)?.number ?? 0],
        ["MaxParts", limit],
        ["IsTruncated", after.length > page.length],
        ...(hasChecksums ? page : []).map(
          ({ number, size, checksums }): XmlEntry => [
            "Part",
            [
              ["PartNumber", number],
              ["Size", size],
              ...checksumXml(checksums).filter(([name]) => name !== "ChecksumType"),
            ],
          ],
        ),
      ],
    ],
  ];
}
