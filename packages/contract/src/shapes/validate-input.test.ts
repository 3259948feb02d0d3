import { expect, test } from "vitest";
import { type InputValidation, SERVICE_MODELS, validateInput } from "./validate-input.ts";

const job = {
  ProcessingJobName: "job-1",
  RoleArn: "arn:aws:iam::123456789012:role/r",
  AppSpecification: { ImageUri: "image" },
  ProcessingResources: {
    ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 30 },
  },
};
const create = (changes: Record<string, unknown>) =>
  validateInput("sagemaker", "CreateProcessingJob", { ...job, ...changes });
const errorsOf = (validation: InputValidation) =>
  !validation.ok && validation.kind === "validation" ? validation.errors : validation;
const input = (s3Input: unknown) => ({
  ProcessingInputs: [{ InputName: "a" }, { InputName: "b", S3Input: s3Input }],
});

test("a whole request passes and comes back without unknown members and nulls", () => {
  const request = { ...job, Unknown: 1, NetworkConfig: null, ["__proto__"]: { x: 1 }, constructor: "x" };
  expect(validateInput("sagemaker", "CreateProcessingJob", request)).toEqual({ ok: true, input: job });
});

test("an empty request misses each required member", () => {
  expect(validateInput("sagemaker", "CreateProcessingJob", {})).toMatchObject({
    message:
      "4 validation errors detected: Value null at 'processingJobName' failed to satisfy constraint: Member must not be null; " +
      "Value null at 'processingResources' failed to satisfy constraint: Member must not be null; " +
      "Value null at 'appSpecification' failed to satisfy constraint: Member must not be null; " +
      "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
  });
});

test.each<[string, Record<string, unknown>, readonly string[]]>([
  [
    "pattern",
    { ProcessingJobName: "a_b" },
    [
      "Value 'a_b' at 'processingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    ],
  ],
  [
    "pattern is of the whole text",
    { ProcessingJobName: "job\n" },
    [
      "Value 'job\n' at 'processingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    ],
  ],
  [
    "length",
    { ProcessingJobName: "a".repeat(64) },
    [
      `Value '${"a".repeat(64)}' at 'processingJobName' failed to satisfy constraint: Member must have length less than or equal to 63`,
    ],
  ],
  [
    "empty",
    { ProcessingJobName: "" },
    [
      "Value '' at 'processingJobName' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'processingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    ],
  ],
  [
    "range",
    { StoppingCondition: { MaxRuntimeInSeconds: 0 } },
    [
      "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
  ],
  [
    "enum in a list",
    input({ S3Uri: "s3://b/k", S3DataType: "S3Prefix", S3InputMode: "Fast" }),
    [
      "Value 'Fast' at 'processingInputs.2.member.s3Input.s3InputMode' failed to satisfy constraint: Member must satisfy enum value set: [Pipe, File]",
    ],
  ],
  [
    "null in a list",
    input({ S3Uri: "s3://b/k" }),
    [
      "Value null at 'processingInputs.2.member.s3Input.s3DataType' failed to satisfy constraint: Member must not be null",
    ],
  ],
  [
    "null member",
    { ProcessingInputs: [null] },
    ["Value null at 'processingInputs.1.member' failed to satisfy constraint: Member must not be null"],
  ],
  [
    "list length",
    { AppSpecification: { ImageUri: "i", ContainerArguments: [] } },
    [
      "Value '[]' at 'appSpecification.containerArguments' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
  ],
  [
    "list of texts",
    { AppSpecification: { ImageUri: "i", ContainerArguments: ["ok", "two\nlines"] } },
    [
      "Value '[ok, two\nlines]' at 'appSpecification.containerArguments' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: .*]",
    ],
  ],
  [
    "map keys",
    { Environment: { "1A": "x" } },
    [
      "Value '{1A=x}' at 'environment' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]",
    ],
  ],
  [
    "Java's dot stops at U+0085",
    { AppSpecification: { ImageUri: "a\u0085" } },
    [
      "Value 'a\u0085' at 'appSpecification.imageUri' failed to satisfy constraint: Member must satisfy regular expression pattern: .*",
    ],
  ],
])("%s", (_, changes, errors) => {
  expect(errorsOf(create(changes))).toEqual(errors);
});

test("a map's keys are data, whatever they are called", () => {
  const environment: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
  const validation = create({ Environment: environment });
  expect(validation.ok && Object.entries(validation.input.Environment ?? {})).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
});

test.each<[string, Record<string, unknown>, string]>([
  [
    "text for a number",
    { StoppingCondition: { MaxRuntimeInSeconds: "60" } },
    "STRING_VALUE can not be converted to an Integer",
  ],
  ["number for a text", { ProcessingJobName: 1 }, "NUMBER_VALUE can not be converted to a String"],
  ["boolean for a text", { Environment: { A: true } }, "TRUE_VALUE can not be converted to a String"],
  [
    "text for a boolean",
    { NetworkConfig: { EnableNetworkIsolation: "no" } },
    "STRING_VALUE can not be converted to a Boolean",
  ],
  ["structure for a text", { ProcessingJobName: {} }, "Start of structure or map found where not expected."],
  ["list for a structure", { AppSpecification: [] }, "Start of list found where not expected"],
  ["text for a structure", { AppSpecification: "x" }, "Expected null"],
  ["text for a list", { Tags: "x" }, "Expected list or null"],
  ["structure for a list", { Tags: {} }, "Start of structure or map found where not expected."],
  [
    "fraction for an integer",
    { StoppingCondition: { MaxRuntimeInSeconds: 1.5 } },
    "NUMBER_VALUE can not be converted to an Integer",
  ],
])("refuses a %s before it looks at constraints", (_, changes, message) => {
  expect(create({ RoleArn: "?", ...changes })).toEqual({ ok: false, kind: "serialization", message });
});

test("every pattern of the models is understood, and a hostile text is answered at once", () => {
  for (const model of Object.values(SERVICE_MODELS))
    for (const shape of Object.values(model.shapes))
      if (shape.type === "string" && shape.pattern !== undefined)
        expect(() => new RegExp(`^(?:${shape.pattern})$`, "u")).not.toThrow();
  const hostile = `s3://${"a".repeat(3_000_000)}\n`;
  expect(errorsOf(create(input({ S3Uri: hostile, S3DataType: "S3Prefix" })))).toHaveLength(1);
});
