import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { FieldmarkError } from "@fieldmark/contract";
import { answer } from "./service-failure.ts";
import { ensureBucket } from "./storage/buckets.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SessionOptions {
  /** Address of a Fieldmark service: "http://127.0.0.1:4599". Left out, the same code runs on AWS. */
  readonly endpoint?: string | undefined;
  /** Default: what the AWS SDK finds (AWS_REGION, the profile); "us-east-1" where an endpoint is given. */
  readonly region?: string;
  /** Default: what the AWS SDK finds (environment, profile, role). */
  readonly credentials?: Credentials;
  /** Where code, local inputs and outputs without a destination go. Default: `sagemaker-<region>-<account>`, made when absent. */
  readonly defaultBucket?: string;
  /** Put before every key in the default bucket. */
  readonly defaultBucketPrefix?: string;
  /** The clock that job names are made of. */
  readonly now?: () => Date;
}

/** A service takes jobs without a role; AWS does not. */
const ROLE_OF_A_SERVICE = "service-role/fieldmark";

/**
 * Clients of one endpoint and region: the AWS SDK's own, with its credentials and its retries.
 *
 * @example
 * ```ts
 * import { Session } from "@fieldmark/sdk";
 *
 * using session = new Session({
 *   endpoint: "http://127.0.0.1:4599",
 *   credentials: { accessKeyId: "FMEXAMPLE", secretAccessKey: "…" },
 * });
 * ```
 */
export class Session implements Disposable {
  readonly sagemaker: SageMakerClient;
  readonly s3: S3Client;
  readonly logs: CloudWatchLogsClient;
  /** null: AWS */
  readonly endpoint: string | null;
  readonly #sts: STSClient;
  readonly #options: SessionOptions;
  #account: Promise<{ readonly account: string; readonly partition: string }> | undefined;
  #bucket: Promise<string> | undefined;

  constructor(options: SessionOptions = {}) {
    const { endpoint, credentials } = options;
    const region = options.region ?? (endpoint === undefined ? undefined : "us-east-1");
    const common = {
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    };
    this.#options = options;
    this.endpoint = endpoint ?? null;
    this.sagemaker = new SageMakerClient(common);
    this.s3 = new S3Client({
      ...common,
      forcePathStyle: endpoint !== undefined,
      followRegionRedirects: true,
    });
    this.logs = new CloudWatchLogsClient(common);
    this.#sts = new STSClient(common);
  }

  async region(): Promise<string> {
    return await answer("reading the region", this.sagemaker.config.region());
  }

  now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  /** Start of what the SDK uploads: `s3://<default bucket>/<prefix>`; makes the bucket when it is absent. */
  async defaultUri(signal?: AbortSignal): Promise<string> {
    const bucket = await this.defaultBucket(signal);
    const prefix = this.#options.defaultBucketPrefix?.replace(/^\/+|\/+$/g, "") ?? "";
    return prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  }

  /** Name of the default bucket; makes it when it is absent. */
  async defaultBucket(signal?: AbortSignal): Promise<string> {
    this.#bucket ??= this.#makeBucket(signal);
    try {
      return await this.#bucket;
    } catch (error) {
      this.#bucket = undefined;
      throw error;
    }
  }

  /** The role's ARN: as given, of a name, or the one that stands for none where an endpoint is given. */
  async roleArn(role: string | undefined, signal?: AbortSignal): Promise<string> {
    if (role?.startsWith("arn:")) return role;
    if (role === undefined && this.endpoint === null)
      throw new FieldmarkError("REQUEST_INVALID", "role is missing: AWS runs every job as a role");
    const { account, partition } = await this.#caller(signal);
    return `arn:${partition}:iam::${account}:role/${role ?? ROLE_OF_A_SERVICE}`;
  }

  [Symbol.dispose](): void {
    for (const client of [this.sagemaker, this.s3, this.logs, this.#sts]) client.destroy();
  }

  async #makeBucket(signal?: AbortSignal): Promise<string> {
    const region = await this.region();
    const bucket =
      this.#options.defaultBucket ?? `sagemaker-${region}-${(await this.#caller(signal)).account}`;
    await ensureBucket(this.s3, { bucket, region }, signal);
    return bucket;
  }

  async #caller(signal?: AbortSignal): Promise<{ readonly account: string; readonly partition: string }> {
    this.#account ??= this.#askCaller(signal);
    try {
      return await this.#account;
    } catch (error) {
      this.#account = undefined;
      throw error;
    }
  }

  async #askCaller(signal?: AbortSignal): Promise<{ readonly account: string; readonly partition: string }> {
    const { Account, Arn } = await answer(
      "GetCallerIdentity",
      this.#sts.send(new GetCallerIdentityCommand({}), signal === undefined ? {} : { abortSignal: signal }),
    );
    if (Account === undefined)
      throw new FieldmarkError("SERVICE_REFUSED", "GetCallerIdentity named no account");
    return { account: Account, partition: Arn?.split(":")[1] ?? "aws" };
  }
}
