import type { ByteRange, Checksum, ObjectInfo } from "@fieldmark/object-store";
import { checksumHeaders } from "../body/checksums.ts";
import { parseRange } from "../byte-range.ts";
import { checkRead } from "../conditions.ts";
import { readPartNumber } from "../multipart-request.ts";
import { objectHeaders, overriddenHeaders } from "../object-attributes.ts";
import { type Operation, refOf, requireObject } from "../operation.ts";
import { pour } from "../pour.ts";
import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";

export const getObject: Operation = async (request, { store }) => {
  refuseVersions(request);
  const object = await store.open(refOf(request));
  if (object === null) throw new S3Error("NoSuchKey", { Key: request.key });
  try {
    const { status, headers, range } = describe(request, object.info);
    return {
      status,
      headers,
      body: (response) => pour(object, range, response),
      release: () => object.close(),
    };
  } catch (error) {
    await object.close();
    throw error;
  }
};

/** The same answer without its body. */
export const headObject: Operation = async (request, { store }) => {
  refuseVersions(request);
  const { status, headers } = describe(request, await requireObject(store, refOf(request)));
  return { status, headers };
};

interface Description {
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly range: ByteRange;
}

function describe(request: S3Request, info: ObjectInfo): Description {
  checkRead(
    {
      ifMatch: header(request, "if-match"),
      ifNoneMatch: header(request, "if-none-match"),
      ifModifiedSince: header(request, "if-modified-since"),
      ifUnmodifiedSince: header(request, "if-unmodified-since"),
    },
    info,
  );
  const part = readAskedPart(request);
  const range = part === null ? readRange(request, info) : partRange(info, part);
  const { size } = info;
  const { offset, length } = range ?? { offset: 0, length: size };
  return {
    status: range === null ? 200 : 206,
    headers: {
      ...objectHeaders(info),
      ...(header(request, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED"
        ? checksumHeaders(checksumsOf(info, { part, range }))
        : {}),
      ...(range === null ? {} : { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` }),
      ...(part === null || info.parts.length === 0
        ? {}
        : { "x-amz-mp-parts-count": String(info.parts.length) }),
      "content-length": String(length),
      ...overriddenHeaders(request.query),
    },
    range: { offset, length },
  };
}

/** Those of the part that is asked for, or of the object; a range that is less has none. */
function checksumsOf(
  { attributes, parts, size }: ObjectInfo,
  { part, range }: { readonly part: number | null; readonly range: ByteRange | null },
): readonly Checksum[] {
  const { checksums = [] } = attributes;
  if (part === null || parts.length === 0) return range === null || range.length === size ? checksums : [];
  const type = checksums[0]?.type ?? "FULL_OBJECT";
  return (parts.find(({ number }) => number === part)?.checksums ?? []).map((checksum) => ({
    ...checksum,
    type,
  }));
}

function readRange(request: S3Request, { size }: ObjectInfo): ByteRange | null {
  const asked = header(request, "range");
  const range = asked === undefined ? null : parseRange(asked, size);
  if (range === "unsatisfiable") {
    throw new S3Error("InvalidRange", { RangeRequested: asked ?? "", ActualObjectSize: size });
  }
  return range === null ? null : { offset: range.first, length: range.last - range.first + 1 };
}

function readAskedPart(request: S3Request): number | null {
  if (!request.query.has("partNumber")) return null;
  if (header(request, "range") !== undefined) {
    throw new S3Error(
      "InvalidRequest",
      {},
      { message: "Cannot specify both Range header and partNumber query parameter" },
    );
  }
  return readPartNumber(request);
}

/** An object that was put whole has one part. An empty one has no bytes to name in a Content-Range. */
function partRange(info: ObjectInfo, number: number): ByteRange | null {
  if (info.parts.length === 0) {
    if (number !== 1)
      throw new S3Error("InvalidPartNumber", { PartNumberRequested: number, ActualPartCount: 1 });
    return info.size === 0 ? null : { offset: 0, length: info.size };
  }
  const index = info.parts.findIndex((each) => each.number === number);
  const part = info.parts[index];
  if (part === undefined) {
    throw new S3Error("InvalidPartNumber", {
      PartNumberRequested: number,
      ActualPartCount: info.parts.length,
    });
  }
  const offset = info.parts.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  return { offset, length: part.size };
}

/** Buckets are not versioned: the only version of an object is called `null`. */
export function refuseVersions({ query, key }: Pick<S3Request, "query" | "key">): void {
  const version = query.get("versionId");
  if (version === undefined || version === "null") return;
  if (version === "") throw invalidArgument("Version id cannot be the empty string", "versionId", "");
  throw new S3Error("NoSuchVersion", { Key: key, VersionId: version });
}
