import type { Operation } from "../operation.ts";
import { ownerXml } from "../owner.ts";
import { fromToken, readCount, toToken } from "../paging.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";

const MOST = 10_000;

export const listBuckets: Operation = async ({ query }, { store, region }) => {
  const limit = readCount(query, "max-buckets", { most: MOST, least: 1 });
  const prefix = query.get("prefix") ?? "";
  const token = query.get("continuation-token");
  const after = token === undefined ? "" : fromToken(token);
  const wanted = query.get("bucket-region") ?? region;
  const all = (await store.listBuckets()).filter(
    ({ name }) => name.startsWith(prefix) && name > after && wanted === region,
  );
  const page = all.slice(0, limit);
  const isPaged = query.has("max-buckets") || token !== undefined;
  const last = page.at(-1)?.name;
  return xmlResponse(
    toXml("ListAllMyBucketsResult", [
      ownerXml("Owner"),
      [
        "Buckets",
        page.map(
          ({ name, created }): XmlEntry => [
            "Bucket",
            [["Name", name], ["CreationDate", created], isPaged ? ["BucketRegion", region] : null],
          ],
        ),
      ],
      all.length > page.length && last !== undefined ? ["ContinuationToken", toToken(last)] : null,
      prefix === "" ? null : ["Prefix", prefix],
    ]),
  );
};
