import { posix } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type Extract, extract, type Header } from "tar-stream";

/** What is taken from an archive that a program has had its hands on. */
export type ArchiveEntry =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "file";
      readonly path: string;
      /** bytes */
      readonly size: number;
      readonly mtime: Date;
      readonly body: AsyncIterable<Uint8Array>;
    }
  /** Another name of a file that came before. */
  | { readonly kind: "link"; readonly path: string; readonly of: string };

export interface ArchiveBounds {
  /** bytes of all files together */
  readonly bytes: number;
  readonly entries: number;
}

/** S3's limit of a key; what lies deeper cannot be an object. */
const MAX_PATH_BYTES = 1_024;

/**
 * The files and folders below the one folder that a daemon's archive holds, in the archive's order; each must be used up
 * before the next. Symbolic links, devices, FIFOs and sockets are passed over: outputs are files.
 *
 * @throws OUTPUT_HAZARD for a name that leads out of the folder, a link to something else, or more than the bounds
 */
export async function* archiveEntries(
  source: AsyncIterable<Uint8Array>,
  bounds: ArchiveBounds,
): AsyncGenerator<ArchiveEntry> {
  const entries = extract();
  const reading = feed(source, entries);
  let bytes = 0;
  let count = 0;
  for await (const body of entries) {
    const { header } = body;
    count += 1;
    bytes += header.size;
    if (count > bounds.entries) throw hazard(header, `there are more than ${bounds.entries} files`);
    if (bytes > bounds.bytes) throw hazard(header, `all together are larger than ${bounds.bytes} bytes`);
    const path = pathBelow(header);
    if (path !== null && header.type === "directory") yield { kind: "folder", path };
    else if (path !== null && path !== "" && isFile(header))
      yield {
        kind: "file",
        path,
        size: header.size,
        mtime: header.mtime,
        body: body as AsyncIterable<Uint8Array>,
      };
    else if (path !== null && path !== "" && header.type === "link")
      yield { kind: "link", path, of: pathBelow({ ...header, name: header.linkname }) ?? "" };
    body.resume();
  }
  await reading;
}

/** Fails who reads the entries with what failed the source. */
async function feed(source: AsyncIterable<Uint8Array>, entries: Extract): Promise<void> {
  try {
    for await (const chunk of source) {
      if (entries.destroyed) return;
      if (!entries.write(chunk)) await emptied(entries);
    }
    entries.end(undefined);
  } catch (error) {
    entries.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Until more can be written, or nothing any more. */
const emptied = (entries: Extract): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      entries.off("drain", done);
      entries.off("close", done);
      resolve();
    };
    entries.on("drain", done);
    entries.on("close", done);
  });

const isFile = ({ type }: Header) => type === "file" || type === "contiguous-file";

/** Below the archive's one folder; "" for that folder itself; null for what is too deep to be an output. */
function pathBelow(header: Header): string | null {
  const name = header.name.replace(/\/+$/, "");
  const segments = name.split("/");
  if (
    name.startsWith("/") ||
    name.includes("\0") ||
    segments.some((segment) => segment === "" || segment === "." || segment === "..")
  )
    throw hazard(header, "its name leads out of the folder");
  const path = segments.slice(1).join(posix.sep);
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? null : path;
}

const hazard = ({ name }: Header, reason: string): FieldmarkError =>
  new FieldmarkError("OUTPUT_HAZARD", `${JSON.stringify(name)} in a container's archive: ${reason}`, {
    name,
  });
