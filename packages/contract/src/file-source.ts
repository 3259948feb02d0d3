import type { BigIntStats } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What tells a file, as it is now, from every other: nobody can set the time of its last change (ctime). */
type FileIdentity = Pick<BigIntStats, "dev" | "ino" | "size" | "mtimeNs" | "ctimeNs">;

/** A file of this machine as the source of a CopyObject: where it is, and what it is there. */
export interface FileSource {
  /** absolute */
  readonly path: string;
  /** As `fileIdentity` writes it. */
  readonly identity: string;
}

/** `dev=2049&ino=131&size=4&mtime=…&ctime=…`, times in ns. */
export const fileIdentity = ({ dev, ino, size, mtimeNs, ctimeNs }: FileIdentity): string =>
  `dev=${dev}&ino=${ino}&size=${size}&mtime=${mtimeNs}&ctime=${ctimeNs}`;

/** An x-amz-copy-source that no other S3 takes for an object's: there is no bucket `file:`. */
export const formatFileSource = ({ path, identity }: FileSource): string =>
  `${pathToFileURL(path).href}?${identity}`;

export const isFileSource = (copySource: string): boolean => copySource.startsWith("file:");

/** null when the text is not what `formatFileSource` writes. */
export function parseFileSource(copySource: string): FileSource | null {
  const [, url, identity] = /^(file:\/\/\/[^?]*)\?([^?]*)$/.exec(copySource) ?? [];
  if (url === undefined || identity === undefined) return null;
  try {
    return { path: fileURLToPath(url), identity };
  } catch {
    return null;
  }
}
