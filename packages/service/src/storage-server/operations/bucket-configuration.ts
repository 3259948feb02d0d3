import { BUCKET_CONFIGURATIONS } from "../bucket-configuration.ts";
import type { Operation } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml } from "../xml.ts";

/** Reads the setting of a bucket that is named by a sub-resource. */
export const getBucketConfiguration =
  (name: string): Operation =>
  async ({ bucket }) => {
    const found = BUCKET_CONFIGURATIONS[name];
    if (found === undefined) throw new S3Error("NotImplemented");
    if ("absent" in found) throw new S3Error(found.absent, { BucketName: bucket });
    return xmlResponse(toXml(found.root, found.children));
  };

/** Nothing is set, so there is nothing to do. */
export const deleteBucketConfiguration: Operation = async () => ({ status: 204 });
