/** Where an upload or a download stands. */
export interface TransferProgress {
  /** Files finished so far, and in all. */
  readonly files: number;
  readonly totalFiles: number;
  /** Bytes of the finished files, and of all. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when the files are counted, then after each. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Key of AWS KMS that encrypts what is written. */
  readonly kmsKey?: string | undefined;
}

/** Files at a time. */
export const CONCURRENT_FILES = 8;

/** Counts finished files and tells it. */
export function countTransfers(
  sizes: readonly number[],
  onProgress: TransferOptions["onProgress"],
): (size: number) => void {
  const total = { totalFiles: sizes.length, totalBytes: sizes.reduce((sum, size) => sum + size, 0) };
  let files = 0;
  let bytes = 0;
  const tell = () => onProgress?.({ files, bytes, ...total });
  tell();
  return (size) => {
    files++;
    bytes += size;
    tell();
  };
}
