import { FieldmarkError } from "@fieldmark/contract";
import { asS3Error } from "../as-s3-error.ts";
import { readExpectedDigests } from "../body/expected-digests.ts";
import { readSmallBody } from "../body/request-body.ts";
import type { Operation, S3Context } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";
import { xmlResponse } from "../s3-response.ts";
import { parseXml, toXml, type XmlElement, type XmlEntry } from "../xml.ts";

const MAX_KEYS = 1000;
/** 1,000 keys of 1,024 bytes, each character of which may be written as a reference. */
const MAX_DOCUMENT = 16 << 20;

/** A key that does not exist is deleted too: that is what S3 answers, and what clients wait for. */
export const deleteObjects: Operation = async (request, context) => {
  const expected = readExpectedDigests(request);
  if (expected.md5 === null && expected.checksum === null) {
    throw new S3Error(
      "InvalidRequest",
      {},
      { message: "Missing required header for this request: Content-MD5 OR x-amz-checksum-*" },
    );
  }
  const body = await readSmallBody(request, MAX_DOCUMENT);
  const document = parseXml(body, "Delete");
  const objects = document.children("Object");
  if (objects.length === 0 || objects.length > MAX_KEYS) throw new S3Error("MalformedXML");
  const isQuiet = document.text("Quiet")?.trim().toLowerCase() === "true";
  const results = await Promise.all(objects.map((object) => deleteOne(object, request.bucket, context)));
  return xmlResponse(
    toXml(
      "DeleteResult",
      results.filter(([name]) => name === "Error" || !isQuiet),
    ),
  );
};

async function deleteOne(object: XmlElement, bucket: string, { store }: S3Context): Promise<XmlEntry> {
  const key = object.text("Key");
  if (key === null || key === "") throw new S3Error("MalformedXML");
  const version = object.text("VersionId");
  try {
    if (version !== null && version !== "null") throw new S3Error("NoSuchVersion");
    const ifMatch = object.text("ETag")?.replace(/^"(.*)"$/, "$1");
    await store.delete({ bucket, key }, { ifMatch });
    return [
      "Deleted",
      [
        ["Key", key],
        ["VersionId", version],
      ],
    ];
  } catch (error) {
    if (!(error instanceof S3Error || error instanceof FieldmarkError)) throw error;
    const { code, message } = asS3Error(error);
    return [
      "Error",
      [
        ["Key", key],
        ["VersionId", version],
        ["Code", code],
        ["Message", message],
      ],
    ];
  }
}
