import { readSmallBody } from "../body/request-body.ts";
import { type Operation, refOf, requireObject } from "../operation.ts";
import { xmlResponse } from "../s3-response.ts";
import { parseTagging, taggingXml } from "../tags.ts";
import { parseXml } from "../xml.ts";
import { refuseVersions } from "./get-object.ts";

const MAX_DOCUMENT = 64 * 1024;

export const getObjectTagging: Operation = async (request, { store }) => {
  refuseVersions(request);
  const { attributes } = await requireObject(store, refOf(request));
  return xmlResponse(taggingXml(attributes.tags ?? []));
};

export const putObjectTagging: Operation = async (request, { store }) => {
  refuseVersions(request);
  const tags = parseTagging(parseXml(await readSmallBody(request, MAX_DOCUMENT), "Tagging"));
  await store.setTags(refOf(request), tags);
  return {};
};

export const deleteObjectTagging: Operation = async (request, { store }) => {
  refuseVersions(request);
  await store.setTags(refOf(request), []);
  return { status: 204 };
};
