import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessingInput as InputRequest } from "@aws-sdk/client-sagemaker";
import { FieldmarkError } from "@fieldmark/contract";
import type { Session } from "../session.ts";
import { isS3Uri, joinS3Uri } from "../storage/s3-uri.ts";
import type { TransferOptions } from "../storage/transfer-progress.ts";
import { upload } from "../storage/upload.ts";

/** Data that a job finds in a folder of its own. */
export interface ProcessingInput {
  /** `s3://bucket/key`, or a path or file: URL on this machine, which is uploaded to `<default bucket>/<job>/input/<name>`. */
  readonly source: string;
  /** The folder in the job: "/opt/ml/processing/input". */
  readonly destination: string;
  /** Default: `input-1` for the first, and so on. */
  readonly inputName?: string;
  /** Default: "S3Prefix" */
  readonly s3DataType?: "S3Prefix" | "ManifestFile";
  /** Default: "File" */
  readonly s3InputMode?: "File" | "Pipe";
  /** Default: "FullyReplicated" */
  readonly s3DataDistributionType?: "FullyReplicated" | "ShardedByS3Key";
  /** Default: "None"; "Gzip" needs Pipe mode. */
  readonly s3CompressionType?: "None" | "Gzip";
}

/** The inputs as CreateProcessingJob takes them, named, local ones uploaded. */
export async function inputRequests(
  session: Session,
  { inputs, jobName }: { readonly inputs: readonly ProcessingInput[]; readonly jobName: string },
  options: TransferOptions,
): Promise<InputRequest[]> {
  const requests: InputRequest[] = [];
  for (const [index, input] of inputs.entries()) {
    const inputName = input.inputName ?? `input-${index + 1}`;
    requests.push({
      InputName: inputName,
      AppManaged: false,
      S3Input: {
        S3Uri: await sourceUri(session, { source: input.source, jobName, inputName }, options),
        LocalPath: input.destination,
        S3DataType: input.s3DataType ?? "S3Prefix",
        S3InputMode: input.s3InputMode ?? "File",
        S3DataDistributionType: input.s3DataDistributionType ?? "FullyReplicated",
        S3CompressionType: input.s3CompressionType ?? "None",
      },
    });
  }
  return requests;
}

/** The S3 URI of a source; a local one is uploaded to `<default bucket>/<job>/input/<name>`. */
export async function sourceUri(
  session: Session,
  source: { readonly source: string; readonly jobName: string; readonly inputName: string },
  options: TransferOptions,
): Promise<string> {
  if (isS3Uri(source.source)) return source.source;
  const start = await session.defaultUri(options.signal);
  const to = joinS3Uri(start, source.jobName, "input", source.inputName);
  return await upload(session, { from: localPath(source.source), to }, options);
}

/** A path, or a file: URL. @throws REQUEST_INVALID for other URLs */
export function localPath(source: string): string {
  if (source.startsWith("file://")) return fileURLToPath(source);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(source)?.[1];
  if (scheme !== undefined)
    throw new FieldmarkError("REQUEST_INVALID", `"${source}": expected a path, a file: URL or an s3: URI`);
  return resolve(source);
}
