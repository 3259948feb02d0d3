import type { CreateProcessingJobRequest, ProcessingInput, ProcessingOutput } from "@fieldmark/contract";
import { FieldmarkError } from "@fieldmark/contract";

const PROCESSING = "/opt/ml/processing/";

/**
 * What a CreateProcessingJob request must keep beyond its published model. The decisions that AWS's pages leave open
 * stand in this file alone, and in docs/service.md.
 *
 * @throws VALIDATION that names every rule which is broken
 */
export function checkProcessingRules(request: CreateProcessingJobRequest): void {
  const inputs = request.ProcessingInputs ?? [];
  const outputs = request.ProcessingOutputConfig?.Outputs ?? [];
  const problems = [
    ...repeated(inputs.map(({ InputName }) => InputName)).map(
      (name) => `Processing input names must be unique: '${name}' is used more than once.`,
    ),
    ...repeated(outputs.map(({ OutputName }) => OutputName)).map(
      (name) => `Processing output names must be unique: '${name}' is used more than once.`,
    ),
    ...inputs.flatMap(inputProblems),
    ...outputs.flatMap(outputProblems),
    ...clusterProblems(request),
    ...textProblems(request),
  ];
  if (problems.length > 0) throw new FieldmarkError("VALIDATION", problems.join(" "));
}

function inputProblems({
  InputName,
  AppManaged,
  S3Input,
  DatasetDefinition,
}: ProcessingInput): readonly string[] {
  const input = `Processing input '${InputName}'`;
  if (DatasetDefinition !== undefined)
    return [
      `${input}: DatasetDefinition (Athena, Redshift) is not supported. Export the data to S3 and use an S3Input.`,
    ];
  if (S3Input === undefined) return [`${input} must have an S3Input.`];
  const { S3Uri, LocalPath, S3InputMode, S3CompressionType } = S3Input;
  return [
    ...uriProblems(input, S3Uri),
    ...localPathProblems(input, { LocalPath, AppManaged }),
    ...(S3CompressionType === "Gzip" && S3InputMode !== "Pipe"
      ? [`${input}: S3CompressionType Gzip can only be used if S3InputMode is Pipe.`]
      : []),
  ];
}

function outputProblems({
  OutputName,
  AppManaged,
  S3Output,
  FeatureStoreOutput,
}: ProcessingOutput): readonly string[] {
  const output = `Processing output '${OutputName}'`;
  if (FeatureStoreOutput !== undefined)
    return [`${output}: FeatureStoreOutput is not supported. Write to an S3Output.`];
  if (S3Output === undefined) return [`${output} must have an S3Output.`];
  const { S3Uri, LocalPath } = S3Output;
  return [...uriProblems(output, S3Uri), ...localPathProblems(output, { LocalPath, AppManaged })];
}

const uriProblems = (what: string, uri: string): readonly string[] =>
  /^s3:\/\/[^/]/.test(uri) ? [] : [`${what}: S3Uri must be of the form s3://bucket/key, not '${uri}'.`];

/** A folder below /opt/ml/processing/; left out only where the program moves the data itself. */
function localPathProblems(
  what: string,
  {
    LocalPath,
    AppManaged,
  }: { readonly LocalPath: string | undefined; readonly AppManaged: boolean | undefined },
): readonly string[] {
  if (LocalPath === undefined)
    return AppManaged === true ? [] : [`${what}: LocalPath is required when AppManaged is false.`];
  const path = LocalPath.replace(/\/+$/, "");
  const segments = path.slice(PROCESSING.length).split("/");
  if (!path.startsWith(PROCESSING) || segments.some((segment) => ["", ".", ".."].includes(segment)))
    return [`${what}: LocalPath must be a folder below ${PROCESSING} and hold no '..', not '${LocalPath}'.`];
  return [];
}

function clusterProblems({ ProcessingResources }: CreateProcessingJobRequest): readonly string[] {
  const { InstanceType } = ProcessingResources.ClusterConfig;
  return InstanceType === undefined
    ? ["ClusterConfig must have an InstanceType or InstancePreferences."]
    : [];
}

/** No program can be given a text with a NUL in it. */
function textProblems({
  AppSpecification,
  Environment = {},
  ...request
}: CreateProcessingJobRequest): readonly string[] {
  const { ImageUri, ContainerEntrypoint = [], ContainerArguments = [] } = AppSpecification;
  const places = Object.entries({
    imageUri: [ImageUri],
    containerEntrypoint: ContainerEntrypoint,
    containerArguments: ContainerArguments,
    environment: Object.values(Environment),
    localPath: [
      ...(request.ProcessingInputs ?? []).map(({ S3Input }) => S3Input?.LocalPath ?? ""),
      ...(request.ProcessingOutputConfig?.Outputs ?? []).map(({ S3Output }) => S3Output?.LocalPath ?? ""),
    ],
  });
  return places.flatMap(([place, texts]) =>
    texts.some((text) => text.includes("\0")) ? [`A text of ${place} holds a NUL character.`] : [],
  );
}

const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, i) => names.indexOf(name) !== i)),
];
