import { uploadOf } from "../multipart-request.ts";
import type { Operation } from "../operation.ts";

export const abortMultipartUpload: Operation = async (request, { store }) => {
  await store.uploads.abort(uploadOf(request));
  return { status: 204 };
};
