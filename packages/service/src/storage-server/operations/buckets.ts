import { readSmallBody } from "../body/request-body.ts";
import { refuseUnsupported } from "../object-attributes.ts";
import type { Operation } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";
import { xmlResponse } from "../s3-response.ts";
import { parseXml, toXml } from "../xml.ts";

const MAX_DOCUMENT = 64 * 1024;

/** One's own bucket again: 200 in us-east-1, as AWS keeps it for old clients; 409 elsewhere. */
export const createBucket: Operation = async (request, { store, region }) => {
  refuseUnsupported(request);
  const body = await readSmallBody(request, MAX_DOCUMENT);
  const named =
    body.length === 0 ? null : parseXml(body, "CreateBucketConfiguration").text("LocationConstraint");
  checkLocation(named, region);
  const made = await store.createBucket(request.bucket);
  if (made === "exists" && region !== "us-east-1") {
    throw new S3Error("BucketAlreadyOwnedByYou", { BucketName: request.bucket });
  }
  return { headers: { location: `/${request.bucket}` } };
};

/** us-east-1 is named by saying nothing; every other region by its name. */
function checkLocation(named: string | null, region: string): void {
  if ((named ?? "us-east-1") === region && named !== "us-east-1") return;
  if (named === "us-east-1" || named === "") {
    throw new S3Error("InvalidLocationConstraint", { LocationConstraint: named });
  }
  throw new S3Error(
    "IllegalLocationConstraintException",
    {},
    {
      message: `The ${named ?? "unspecified"} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    },
  );
}

export const headBucket: Operation = async (_, { region }) => {
  return {
    headers: {
      "content-type": "application/xml",
      "x-amz-bucket-region": region,
      "x-amz-access-point-alias": "false",
    },
  };
};

export const deleteBucket: Operation = async ({ bucket }, { store }) => {
  await store.deleteBucket(bucket);
  return { status: 204 };
};

/** An empty element stands for us-east-1. */
export const getBucketLocation: Operation = async (_, { region }) => {
  const body = toXml("LocationConstraint", []);
  return xmlResponse(region === "us-east-1" ? body : body.replace("/>", `>${region}</LocationConstraint>`));
};
