import { FieldmarkError } from "@fieldmark/contract";

/** What an archive says of one entry. */
export interface EntryHeader {
  readonly name: string;
  readonly type: string | null;
  readonly size: number;
  readonly linkname: string | null;
}

/** How much an archive may unpack to. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Bytes of one file that is kept in memory. */
  readonly fileBytes: number;
  /** Bytes of everything, unpacked. */
  readonly totalBytes: number;
  /** Unpacked bytes for each packed one, once past `ratioFreeBytes`. Weights pack 1.1 to 10 times. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
}

const GIB = 1024 ** 3;

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 100_000,
  fileBytes: 4 * GIB - 1,
  totalBytes: 16 * GIB,
  ratio: 200,
  ratioFreeBytes: 256 * 1024 ** 2,
};

/** The dangers that an archive is refused for, by the name that errors carry in `details.hazard`. */
export type ArchiveHazard =
  | "path traversal"
  | "absolute path"
  | "symbolic link"
  | "hard link"
  | "device"
  | "fifo"
  | "unknown entry type"
  | "duplicate name"
  | "too many entries"
  | "decompression bomb";

export const archiveHazard = (path: string, hazard: ArchiveHazard, found: string): FieldmarkError =>
  new FieldmarkError("ARCHIVE_HAZARD", `${path}: ${hazard}: ${found}`, { file: path, hazard });

const REFUSED_TYPES: Readonly<Record<string, ArchiveHazard>> = {
  link: "hard link",
  symlink: "symbolic link",
  "character-device": "device",
  "block-device": "device",
  fifo: "fifo",
};
const FILE_TYPES: ReadonlySet<string> = new Set(["file", "contiguous-file", "directory"]);

/**
 * Checks entries one after the other as an archive is read.
 * @returns a function that gives the entry's path, plain ("1/saved_model.pb"), or null for a folder
 * @throws ARCHIVE_HAZARD naming the hazard and the entry
 */
export function entryChecker(path: string, limits: ArchiveLimits): (header: EntryHeader) => string | null {
  const seen = new Set<string>();
  let entries = 0;
  return (header) => {
    entries += 1;
    if (entries > limits.entries)
      throw archiveHazard(path, "too many entries", `more than ${limits.entries}`);
    const shown = JSON.stringify(header.name.slice(0, 200));
    const hazard = REFUSED_TYPES[header.type ?? ""];
    if (hazard !== undefined) {
      const target = header.linkname === null ? "" : ` → ${JSON.stringify(header.linkname.slice(0, 200))}`;
      throw archiveHazard(path, hazard, `${shown}${target}`);
    }
    if (!FILE_TYPES.has(header.type ?? "")) throw archiveHazard(path, "unknown entry type", shown);
    const name = plainName(path, header.name, shown);
    if (header.type === "directory" || name === "") return null;
    if (seen.has(name)) throw archiveHazard(path, "duplicate name", shown);
    seen.add(name);
    return name;
  };
}

function plainName(path: string, name: string, shown: string): string {
  if (name.startsWith("/") || name.startsWith("\\") || /^[A-Za-z]:/.test(name) || name.includes("\0")) {
    throw archiveHazard(path, "absolute path", shown);
  }
  const parts = name.split(/[/\\]/);
  if (parts.includes("..")) throw archiveHazard(path, "path traversal", shown);
  return parts.filter((part) => part !== "" && part !== ".").join("/");
}
