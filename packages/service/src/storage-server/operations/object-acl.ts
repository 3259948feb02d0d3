import { refuseUnsupported } from "../object-attributes.ts";
import { type Operation, refOf, requireObject } from "../operation.ts";
import { accessControlXml } from "../owner.ts";
import { S3Error } from "../s3-errors.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml } from "../xml.ts";

export const getObjectAcl: Operation = async (request, { store }) => {
  await requireObject(store, refOf(request));
  return xmlResponse(toXml("AccessControlPolicy", accessControlXml));
};

/** Buckets allow no ACLs, as new ones on AWS: a canned one that changes nothing is taken, any other refused. */
export const putObjectAcl: Operation = async (request, { store }) => {
  refuseUnsupported(request);
  if (request.headers["x-amz-acl"] === undefined) throw new S3Error("AccessControlListNotSupported");
  await requireObject(store, refOf(request));
  return {};
};
