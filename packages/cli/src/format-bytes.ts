const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes as people write them, in powers of a thousand: 940 B, 8.9 MB, 257 MB. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit > 0 && size < 10 ? size.toFixed(1) : size.toFixed(0)} ${UNITS[unit]}`;
}
