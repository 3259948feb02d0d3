import { SERVICE_MODELS } from "@fieldmark/contract";
import { expect, test } from "vitest";

import { instanceSize } from "./instance-types.ts";

const shape = SERVICE_MODELS.sagemaker.shapes.ProcessingInstanceType;
const types: readonly string[] = shape?.type === "string" ? (shape.enum ?? []) : [];

test("every type of the service model has a size", () => {
  expect(types.length).toBeGreaterThan(100);
  expect(types.filter((type) => instanceSize(type) === null)).toEqual([]);
});

// From AWS's pages of instance types.
test.each([
  ["ml.t3.medium", 2, 4],
  ["ml.m5.large", 2, 8],
  ["ml.m5.xlarge", 4, 16],
  ["ml.m5.24xlarge", 96, 384],
  ["ml.m4.10xlarge", 40, 160],
  ["ml.c4.xlarge", 4, 7.5],
  ["ml.c4.8xlarge", 36, 60],
  ["ml.c5.9xlarge", 36, 72],
  ["ml.c5.18xlarge", 72, 144],
  ["ml.r5d.16xlarge", 64, 512],
  ["ml.p2.16xlarge", 64, 732],
  ["ml.p3.2xlarge", 8, 61],
  ["ml.g4dn.12xlarge", 48, 192],
  ["ml.g5.48xlarge", 192, 768],
  ["ml.g6e.4xlarge", 16, 128],
  ["ml.m7i-flex.large", 2, 8],
  ["ml.m8i.96xlarge", 384, 1536],
])("%s has %d vCPUs and %d GiB", (type, vcpus, memoryGiB) => {
  expect(instanceSize(type)).toEqual({ vcpus, memoryGiB });
});

test.each(["ml.m5", "m5.large", "ml.zz.large", "ml.m5.medium", "ml.constructor.large", ""])(
  "%j is no type",
  (type) => {
    expect(instanceSize(type)).toBeNull();
  },
);
