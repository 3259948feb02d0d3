import { stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import {
  copyObject,
  copyObjects,
  download,
  downloadObject,
  isS3Uri,
  joinS3Uri,
  parseS3Uri,
  type S3Location,
  type Session,
  type TransferOptions,
  upload,
  uploadFile,
} from "@fieldmark/sdk";
import { Command } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { transferBar } from "../jobs/transfer-bar.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";

interface Flags extends ServiceFlags {
  readonly recursive?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function copyCommand(context: CliContext): Command {
  const command = new Command("cp")
    .description("Copy files to objects, objects to files, or objects to objects")
    .argument("<from>", "a path or an s3:// URI")
    .argument("<to>", "a path or an s3:// URI; one that ends in / keeps the name")
    .option("-r, --recursive", "everything below a folder or a prefix")
    .option("--json", "print source, target and number of files as JSON on stdout")
    .option("--quiet", "no progress");
  return serviceOptions(command).action(
    async (from: string, to: string, { json, quiet, recursive, ...flags }: Flags) => {
      if (!isS3Uri(from) && !isS3Uri(to))
        throw new FieldmarkError("USAGE", `"${from}" and "${to}": one of the two must be an s3:// URI`);
      using session = await connect(context, flags);
      const bar = transferBar(context, { title: "Copying", quiet: quiet === true });
      let files = 0;
      const options: TransferOptions = {
        signal: context.signal,
        onProgress: (progress) => {
          files = progress.files;
          bar.show(progress);
        },
      };
      const at = (place: string) =>
        isS3Uri(place) ? place : resolve(context.cwd, place) + (place.endsWith("/") ? sep : "");
      const ends = { from: at(from), to: at(to) };
      try {
        if (recursive === true) await copyTree(session, ends, options);
        else files = await copyOne(session, ends, options);
      } finally {
        bar.stop();
      }
      if (json === true) writeJson(context, { from, to, files });
      else writeLine(context.stdout, `${from} → ${to}${recursive === true ? `: ${files} files` : ""}`);
    },
  );
}

interface Ends {
  readonly from: string;
  readonly to: string;
}

async function copyTree(session: Session, ends: Ends, options: TransferOptions): Promise<void> {
  if (!isS3Uri(ends.from)) await upload(session, ends, options);
  else if (isS3Uri(ends.to)) await copyObjects(session, ends, options);
  else await download(session, ends, options);
}

async function copyOne(session: Session, { from, to }: Ends, options: TransferOptions): Promise<number> {
  if (!isS3Uri(from)) {
    if (await isFolder(from)) throw new FieldmarkError("USAGE", `${from} is a folder: add --recursive`);
    await uploadFile(session, { from, to: target(to, basename(from)) }, options);
    return 1;
  }
  const source = parseS3Uri(from);
  if (source.key === "" || source.key.endsWith("/"))
    throw new FieldmarkError("USAGE", `${from} is a folder: add --recursive`);
  const name = source.key.slice(source.key.lastIndexOf("/") + 1);
  if (isS3Uri(to)) await copyObject(session, { from: source, to: target(to, name) }, options);
  else {
    const path = to.endsWith(sep) || (await isFolder(to)) ? join(to, name) : to;
    await downloadObject(session, source, path, options.signal);
  }
  return 1;
}

/** A URI that is a bucket or ends in "/" is a folder, and the name goes below. */
function target(uri: string, name: string): S3Location {
  const { key } = parseS3Uri(uri);
  return parseS3Uri(key === "" || key.endsWith("/") ? joinS3Uri(uri, name) : uri);
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
