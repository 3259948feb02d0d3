import { accessControlXml } from "./owner.ts";
import type { S3ErrorCode } from "./s3-errors.ts";
import type { XmlEntry } from "./xml.ts";

/** What a read of a bucket's setting answers: a document, or the error that says there is none. */
export type BucketConfiguration =
  | { readonly root: string; readonly children: readonly XmlEntry[] }
  | { readonly absent: S3ErrorCode };

const document = (root: string, children: readonly XmlEntry[] = []): BucketConfiguration => ({
  root,
  children,
});
const absent = (code: S3ErrorCode): BucketConfiguration => ({ absent: code });

/**
 * Settings of buckets by their sub-resource. None can be changed here: what clients read is what a bucket on AWS
 * answers on which nobody has set anything.
 */
export const BUCKET_CONFIGURATIONS: Readonly<Record<string, BucketConfiguration>> = {
  accelerate: document("AccelerateConfiguration"),
  acl: document("AccessControlPolicy", accessControlXml),
  analytics: document("ListBucketAnalyticsConfigurationsResult", [["IsTruncated", false]]),
  cors: absent("NoSuchCORSConfiguration"),
  encryption: absent("ServerSideEncryptionConfigurationNotFoundError"),
  "intelligent-tiering": document("ListBucketIntelligentTieringConfigurationsOutput", [
    ["IsTruncated", false],
  ]),
  inventory: document("ListInventoryConfigurationsResult", [["IsTruncated", false]]),
  lifecycle: absent("NoSuchLifecycleConfiguration"),
  logging: document("BucketLoggingStatus"),
  metrics: document("ListMetricsConfigurationsResult", [["IsTruncated", false]]),
  notification: document("NotificationConfiguration"),
  "object-lock": absent("ObjectLockConfigurationNotFoundError"),
  ownershipControls: document("OwnershipControls", [["Rule", [["ObjectOwnership", "BucketOwnerEnforced"]]]]),
  policy: absent("NoSuchBucketPolicy"),
  policyStatus: absent("NoSuchBucketPolicy"),
  publicAccessBlock: absent("NoSuchPublicAccessBlockConfiguration"),
  replication: absent("ReplicationConfigurationNotFoundError"),
  requestPayment: document("RequestPaymentConfiguration", [["Payer", "BucketOwner"]]),
  tagging: absent("NoSuchTagSet"),
  versioning: document("VersioningConfiguration"),
  website: absent("NoSuchWebsiteConfiguration"),
};
