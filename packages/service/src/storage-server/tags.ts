import type { Tag } from "@fieldmark/object-store";
import { S3Error } from "./s3-errors.ts";
import { toXml, type XmlElement, type XmlEntry } from "./xml.ts";

const MAX_TAGS = 10;
/** What AWS lets tags consist of: letters, blanks and numbers of any script, and `+ - = . _ : / @`. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @throws S3Error InvalidTag, BadRequest */
function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_TAGS) throw new S3Error("BadRequest");
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key === "" || [...key].length > 128 || !ALLOWED.test(key))
      throw invalidTag("The TagKey you have provided is invalid", key);
    if ([...value].length > 256 || !ALLOWED.test(value))
      throw invalidTag("The TagValue you have provided is invalid", key);
    if (key.startsWith("aws:")) throw invalidTag("System tags cannot be added/updated by requester", key);
    if (seen.has(key)) throw invalidTag("Cannot provide multiple Tags with the same key", key);
    seen.add(key);
  }
  return tags;
}

const invalidTag = (message: string, key: string): S3Error =>
  new S3Error("InvalidTag", { TagKey: key }, { message });

/** The x-amz-tagging header: `a=1&b=two%20words`. */
export function parseTagHeader(text: string | undefined): readonly Tag[] {
  if (text === undefined) return [];
  const tags = [...new URLSearchParams(text)].map(([key, value]) => ({ key, value }));
  if (/%(?![0-9a-fA-F]{2})/.test(text)) {
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-tagging", ArgumentValue: text },
      {
        message:
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      },
    );
  }
  return checkTags(tags);
}

/** The Tagging document of PutObjectTagging. */
export function parseTagging(tagging: XmlElement): readonly Tag[] {
  const set = tagging.child("TagSet");
  if (set === null) throw new S3Error("MalformedXML");
  return checkTags(
    set.children("Tag").map((tag) => {
      const [key, value] = [tag.text("Key"), tag.text("Value")];
      if (key === null || value === null) throw new S3Error("MalformedXML");
      return { key, value };
    }),
  );
}

export const taggingXml = (tags: readonly Tag[]): string =>
  toXml("Tagging", [
    [
      "TagSet",
      tags.map(
        ({ key, value }): XmlEntry => [
          "Tag",
          [
            ["Key", key],
            ["Value", value],
          ],
        ],
      ),
    ],
  ]);
