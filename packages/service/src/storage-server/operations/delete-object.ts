import { type Operation, refOf } from "../operation.ts";
import { header } from "../s3-request.ts";
import { refuseVersions } from "./get-object.ts";

export const deleteObject: Operation = async (request, { store }) => {
  refuseVersions(request);
  const ifMatch = header(request, "if-match")?.replace(/^"(.*)"$/, "$1");
  await store.delete(refOf(request), { ifMatch });
  return { status: 204 };
};
