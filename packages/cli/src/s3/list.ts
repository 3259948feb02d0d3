import { listBuckets, listPages, parseS3Uri, type Session } from "@fieldmark/sdk";
import { Command } from "commander";
import { connect } from "../connect.ts";
import { type CliContext, printable, writeJson, writeLine } from "../context.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatTime } from "../jobs/seconds.ts";
import { type ServiceFlags, serviceOptions } from "../service-flags.ts";

interface Flags extends ServiceFlags {
  readonly recursive?: boolean;
  readonly json?: boolean;
}

export function listCommand(context: CliContext): Command {
  const command = new Command("ls")
    .description("List the buckets, or what lies below an s3:// URI")
    .argument("[uri]", "s3://bucket or s3://bucket/prefix; a folder ends in /")
    .option("-r, --recursive", "all objects below, not only the next level")
    .option("--json", "print them as JSON on stdout");
  return serviceOptions(command).action(
    async (uri: string | undefined, { json, recursive, ...flags }: Flags) => {
      using session = await connect(context, flags);
      const entries =
        uri === undefined
          ? await buckets(session, context)
          : objects(session, context, { uri, recursive: recursive === true });
      const values: unknown[] = [];
      for await (const { line, value } of entries) {
        if (json === true) values.push(value);
        else writeLine(context.stdout, line);
      }
      if (json === true) writeJson(context, values);
    },
  );
}

/** What a list holds, as a line and as data. */
interface Entry {
  readonly line: string;
  readonly value: unknown;
}

async function buckets(session: Session, { signal }: CliContext): Promise<readonly Entry[]> {
  const found = await listBuckets(session, signal);
  return found.map((bucket) => ({
    line: `${formatTime(bucket.created)}  s3://${bucket.name}`,
    value: bucket,
  }));
}

async function* objects(
  session: Session,
  { signal }: CliContext,
  { uri, recursive }: { readonly uri: string; readonly recursive: boolean },
): AsyncGenerator<Entry> {
  const location = parseS3Uri(uri);
  const blank = " ".repeat("2026-01-02 03:04:05".length);
  for await (const page of listPages(session, location, {
    signal,
    ...(recursive ? {} : { delimiter: "/" }),
  })) {
    for (const prefix of page.prefixes)
      yield { line: `${blank}  ${"folder".padStart(8)}  ${printable(prefix)}`, value: { prefix } };
    for (const object of page.objects) {
      const size = formatBytes(object.size).padStart(8);
      yield { line: `${formatTime(object.lastModified)}  ${size}  ${printable(object.key)}`, value: object };
    }
  }
}
