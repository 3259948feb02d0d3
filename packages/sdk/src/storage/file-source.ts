import { realpath, stat } from "node:fs/promises";
import { CopyObjectCommand } from "@aws-sdk/client-s3";
import { fileIdentity, formatFileSource } from "@fieldmark/contract";
import { answer, isRefusal } from "../service-failure.ts";
import type { Session } from "../session.ts";
import type { S3Location } from "./s3-uri.ts";
import type { TransferOptions } from "./transfer-progress.ts";

/** How long a service on this machine may take to say what it is, ms. */
const ASK_TIMEOUT = 5_000;

/** What the sessions' services said, each asked once. */
const takers = new WeakMap<Session, Promise<boolean>>();

/**
 * Has a service on this machine take the file itself: the object is as an upload would make it, without the bytes going
 * over HTTP.
 *
 * @returns false when they have to: the endpoint is no Fieldmark service on this machine, or it does not see the file
 *   that we see
 */
export async function takeFile(
  session: Session,
  { from, to }: { readonly from: string; readonly to: S3Location },
  { signal, kmsKey }: TransferOptions,
): Promise<boolean> {
  if (!(await takesFiles(session))) return false;
  const source = await describeFile(from);
  if (source === null) return false;
  const command = new CopyObjectCommand({
    Bucket: to.bucket,
    Key: to.key,
    CopySource: source,
    // what a PutObject by the AWS SDK sends
    ContentType: "application/octet-stream",
    ChecksumAlgorithm: "CRC32",
    ...(kmsKey === undefined ? {} : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKey }),
  });
  const sending = session.s3.send(command, signal === undefined ? {} : { abortSignal: signal });
  try {
    await answer(`CopyObject s3://${to.bucket}/${to.key}`, sending);
    return true;
  } catch (error) {
    const isDenied = isRefusal(error, "FileSourceDenied");
    if (isDenied) takers.set(session, Promise.resolve(false));
    if (isDenied || isRefusal(error, "FileSourceUnusable")) return false;
    throw error;
  }
}

/** The file's URL and identity; null when it is not there: its upload will say so. */
async function describeFile(from: string): Promise<string | null> {
  try {
    const path = await realpath(from);
    return formatFileSource({ path, identity: fileIdentity(await stat(path, { bigint: true })) });
  } catch {
    return null;
  }
}

async function takesFiles(session: Session): Promise<boolean> {
  const { endpoint } = session;
  if (endpoint === null || !isLoopback(endpoint)) return false;
  const asked = takers.get(session) ?? askForFiles(endpoint);
  takers.set(session, asked);
  return await asked;
}

function isLoopback(endpoint: string): boolean {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d+){3}$/.test(host);
}

/** What `GET /` of a Fieldmark service says; false for whatever else answers, or does not. */
async function askForFiles(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("/", endpoint), { signal: AbortSignal.timeout(ASK_TIMEOUT) });
    const told: unknown = await response.json();
    if (typeof told !== "object" || told === null || !("copySources" in told)) return false;
    return Array.isArray(told.copySources) && told.copySources.includes("file");
  } catch {
    return false;
  }
}
