import { isFileSource } from "@fieldmark/contract";
import type {
  FolderStore,
  ObjectAttributes,
  ObjectInfo,
  ObjectRef,
  PutConditions,
} from "@fieldmark/object-store";
import type { ChecksumName } from "../body/checksums.ts";
import { digesting } from "../body/digesting.ts";
import { readChecksumAlgorithm } from "../body/expected-digests.ts";
import { checksumXml } from "../checksum-xml.ts";
import { COPY_SOURCE, checkSourceConditions, readCopySource } from "../copy-source.ts";
import {
  encryptionHeaders,
  readEncryption,
  readMetadata,
  readStorageClass,
  refuseUnsupported,
} from "../object-attributes.ts";
import { type Operation, refOf } from "../operation.ts";
import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { type S3Response, xmlResponse } from "../s3-response.ts";
import { parseTagHeader } from "../tags.ts";
import { toXml } from "../xml.ts";
import { copyFile } from "./copy-file.ts";
import { readWriteConditions } from "./put-object.ts";

/** Most that CopyObject takes; more has to be copied in parts. */
const MAX_COPY_BYTES = 5 * 2 ** 30;

export const copyObject: Operation = async (request, context) => {
  if (isFileSource(header(request, COPY_SOURCE) ?? "")) return copyResult(await copyFile(request, context));
  const { store } = context;
  refuseUnsupported(request);
  const source = await readCopySource(request, store);
  const target = refOf(request);
  const algorithm = readChecksumAlgorithm(request);
  const change = readChange(request);
  const conditions = readWriteConditions(request);
  const describe = (info: ObjectInfo): ObjectAttributes => {
    checkSourceConditions(request, info);
    if (info.size > MAX_COPY_BYTES) {
      throw new S3Error(
        "InvalidRequest",
        {},
        {
          message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_COPY_BYTES}`,
        },
      );
    }
    return change(info.attributes);
  };
  checkIsChange(request, source);
  const copied = await (algorithm === undefined
    ? store.copy(source, target, { beforeCopy: describe, conditions })
    : copyWithChecksum({ source, target, algorithm, describe, conditions }, store));
  return copyResult(copied);
};

const copyResult = ({ lastModified, etag, attributes }: ObjectInfo): S3Response =>
  xmlResponse(
    toXml("CopyObjectResult", [
      ["LastModified", lastModified],
      ["ETag", `"${etag}"`],
      ...checksumXml(attributes.checksums),
    ]),
    encryptionHeaders(attributes),
  );

/** What the directives make of the source's attributes. Encryption and storage class are never copied. */
function readChange(request: S3Request): (source: ObjectAttributes) => ObjectAttributes {
  const isNewMetadata = readDirective(request, "x-amz-metadata-directive");
  const isNewTags = readDirective(request, "x-amz-tagging-directive");
  const metadata = isNewMetadata ? readMetadata(request) : null;
  const tags = isNewTags ? parseTagHeader(header(request, "x-amz-tagging")) : null;
  const fresh = { ...readEncryption(request), ...readStorageClass(request) };
  return ({ encryption, storageClass, ...kept }) => ({
    ...kept,
    checksums: kept.checksums?.filter(({ type }) => type === "FULL_OBJECT"),
    ...metadata,
    ...(tags === null ? {} : { tags }),
    ...fresh,
  });
}

function readDirective(request: S3Request, name: string): boolean {
  const value = header(request, name);
  if (value === undefined || value === "COPY") return false;
  if (value === "REPLACE") return true;
  const word = name.includes("metadata") ? "metadata" : "tagging";
  throw invalidArgument(`Unknown ${word} directive.`, name, value);
}

/** Headers any of which make a copy onto itself a change. */
const CHANGES = ["x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption"];

function checkIsChange(request: S3Request, source: ObjectRef): void {
  const isItself = source.bucket === request.bucket && source.key === request.key;
  const isChange =
    readDirective(request, "x-amz-metadata-directive") ||
    CHANGES.some((name) => header(request, name) !== undefined);
  if (!isItself || isChange) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    },
  );
}

interface ChecksummedCopy {
  readonly source: ObjectRef;
  readonly target: ObjectRef;
  readonly algorithm: ChecksumName;
  readonly describe: (source: ObjectInfo) => ObjectAttributes;
  readonly conditions: PutConditions;
}

/** A copy whose bytes have to be read, for a checksum that the source does not have. */
async function copyWithChecksum(
  { source, target, algorithm, describe, conditions }: ChecksummedCopy,
  store: FolderStore,
): Promise<ObjectInfo> {
  const opened = await store.open(source);
  if (opened === null) throw new S3Error("NoSuchKey", { Key: source.key });
  try {
    const attributes = describe(opened.info);
    const digested = digesting(opened.read(), algorithm);
    return await store.put(target, digested.bytes, {
      attributes,
      conditions,
      beforeCommit: async () => ({ checksums: await digested.checksums() }),
    });
  } finally {
    await opened.close();
  }
}
