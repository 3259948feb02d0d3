import type { ProcessingOutput as OutputRequest } from "@aws-sdk/client-sagemaker";
import type { Session } from "../session.ts";
import { joinS3Uri } from "../storage/s3-uri.ts";

/** A folder of a job that is uploaded. */
export interface ProcessingOutput {
  /** The folder in the job: "/opt/ml/processing/output". */
  readonly source: string;
  /** Default: `s3://<default bucket>/<job>/output/<name>` */
  readonly destination?: string;
  /** Default: `output-1` for the first, and so on. */
  readonly outputName?: string;
  /** Default: "EndOfJob" */
  readonly s3UploadMode?: "EndOfJob" | "Continuous";
}

/** The outputs as CreateProcessingJob takes them, named, each with its destination. */
export async function outputRequests(
  session: Session,
  { outputs, jobName }: { readonly outputs: readonly ProcessingOutput[]; readonly jobName: string },
  signal?: AbortSignal,
): Promise<OutputRequest[]> {
  const requests: OutputRequest[] = [];
  for (const [index, output] of outputs.entries()) {
    const name = output.outputName ?? `output-${index + 1}`;
    const destination =
      output.destination ?? joinS3Uri(await session.defaultUri(signal), jobName, "output", name);
    requests.push({
      OutputName: name,
      AppManaged: false,
      S3Output: {
        S3Uri: destination,
        LocalPath: output.source,
        S3UploadMode: output.s3UploadMode ?? "EndOfJob",
      },
    });
  }
  return requests;
}

/** Where an output of a job is, or will be. */
export interface JobOutput {
  readonly outputName: string;
  /** The folder in the job. */
  readonly source: string;
  /** s3:// */
  readonly destination: string;
}

/** The outputs of a request or a description that go to S3. */
export function jobOutputs(outputs: readonly OutputRequest[]): readonly JobOutput[] {
  return outputs.flatMap(({ OutputName: outputName, S3Output }) =>
    outputName === undefined || S3Output?.S3Uri === undefined
      ? []
      : [{ outputName, source: S3Output.LocalPath ?? "", destination: S3Output.S3Uri }],
  );
}
