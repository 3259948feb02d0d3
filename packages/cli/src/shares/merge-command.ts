import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { mergeReport } from "@fieldmark/evaluation";
import { downloadObject, isS3Uri, joinS3Uri, objectsBelow, parseS3Uri, type Session } from "@fieldmark/sdk";
import { Command } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { judgeFailures } from "../failed-pictures.ts";
import { integer, type Output, outputOptions } from "../flags.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";
import { appendStepSummary } from "../step-summary.ts";
import { describeResult } from "../summary.ts";
import { Words } from "../words.ts";
import { isShare, shareFiles } from "./share-files.ts";

interface Flags extends Output, ServiceFlags {
  readonly images?: string;
  readonly allowFailures: number;
}

/** `fieldmark report merge`: one report of the shares that a job's instances left. */
export function mergeCommand(context: CliContext): Command {
  const command = new Command("merge")
    .description("Make one report of the shares that the instances of an evaluation left")
    .argument("<shares...>", "files, folders or s3:// URIs of shares, or of outputs that hold them")
    .option("--images <folder>", "folder or s3:// URI of the pictures, for the thumbnails")
    .option(
      "--allow-failures <n>",
      "pictures that may fail to decode before the exit code is 1",
      integer(0, 1e9),
      0,
    );
  outputOptions(command, "fieldmark-evaluation");
  return serviceOptions(command).action(async (shares: readonly string[], flags: Flags) => {
    const temporary = await mkdtemp(join(tmpdir(), "fieldmark-merge-"));
    try {
      await merge(context, shares, { ...flags, temporary });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

async function merge(
  context: CliContext,
  shares: readonly string[],
  flags: Flags & { readonly temporary: string },
): Promise<void> {
  const { images, output = "fieldmark-evaluation", profile, seed, times, temporary } = flags;
  using remote = new Remote(context, flags);
  const found = await Promise.all(
    shares.map((place, index) =>
      isS3Uri(place) ? remote.shares(place, join(temporary, `${index}`)) : shareFiles(context, [place]),
    ),
  );
  const evaluation = await mergeReport({
    shares: found.flat(),
    output: resolve(context.cwd, output),
    ...(profile === undefined ? {} : { profile }),
    ...(seed === undefined ? {} : { seed }),
    ...(times === undefined ? {} : { times }),
    ...(images === undefined ? {} : { pictureOf: pictures(context, { images, remote, temporary }) }),
  });
  if (flags.json === true) writeJson(context, { files: evaluation.files, ...evaluation.measures });
  else writeLine(context.stdout, describeResult(evaluation, context));
  await appendStepSummary(context, evaluation);
  const { failures } = evaluation.measures;
  judgeFailures(context, new Words(context, flags), { failures, allowed: flags.allowFailures });
}

/** Where the pictures of the thumbnails are: in a folder, or fetched one by one. */
function pictures(
  context: CliContext,
  {
    images,
    remote,
    temporary,
  }: { readonly images: string; readonly remote: Remote; readonly temporary: string },
): (imageFileName: string) => Promise<string | null> {
  const folder = isS3Uri(images) ? join(temporary, "images") : resolve(context.cwd, images);
  return async (imageFileName) => {
    const path = resolve(folder, imageFileName);
    if (!path.startsWith(folder + sep)) return null; // a name that leads out of it
    return isS3Uri(images) ? await remote.picture(joinS3Uri(images, imageFileName), path) : path;
  };
}

/** The object store, connected where it is needed. */
class Remote implements Disposable {
  readonly #context: CliContext;
  readonly #flags: ServiceFlags;
  #session: Promise<Session> | null = null;
  #open: Session | null = null;

  constructor(context: CliContext, flags: ServiceFlags) {
    this.#context = context;
    this.#flags = flags;
  }

  async #connect(): Promise<Session> {
    this.#session ??= connect(this.#context, this.#flags);
    this.#open = await this.#session;
    return this.#open;
  }

  /** @throws FILE_NOT_FOUND */
  async shares(uri: string, folder: string): Promise<readonly string[]> {
    const { signal } = this.#context;
    const session = await this.#connect();
    const location = parseS3Uri(uri);
    const objects = (await objectsBelow(session, location, signal)).filter(({ key }) => isShare(key));
    if (objects.length === 0)
      throw new FieldmarkError("FILE_NOT_FOUND", `${uri}: no share below it (such as 2-of-3.parquet)`);
    const paths: string[] = [];
    for (const [index, { key }] of objects.entries()) {
      const path = join(folder, `${index}`, key.slice(key.lastIndexOf("/") + 1));
      await downloadObject(session, { bucket: location.bucket, key }, path, signal);
      paths.push(path);
    }
    return paths;
  }

  /** null when there is no such object: the picture is shown without a thumbnail */
  async picture(uri: string, path: string): Promise<string | null> {
    try {
      await downloadObject(await this.#connect(), parseS3Uri(uri), path, this.#context.signal);
      return path;
    } catch (error) {
      if (error instanceof FieldmarkError && error.details.awsCode === "NoSuchKey") return null;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
  }
}
