/** The files of a model, opened and digested. */
export interface ModelFiles {
  /** Contents of the files that matter, by path inside what was opened. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Every file that was seen, kept or not. */
  readonly names: readonly string[];
  /** "sha256:<hex>" */
  readonly digest: string;
}

/** saved_model.pb and what belongs to it: at the root, in a folder, or in a folder of a folder. */
const SAVED_MODEL_FILE =
  /^(?:[^/]+\/){0,2}(?:saved_model\.pb|variables\/variables\.(?:index|data-\d{5}-of-\d{5})|assets\/.+)$/;
/** Small text files beside a model may hold its labels or its preprocessing. */
const SIDECAR = /^(?:[^/]+\/){0,2}[^/]+\.(?:json|txt|csv)$/;
const SIDECAR_BYTES = 1024 ** 2;

/** Whether a file is read into memory; every other is passed over. */
export const isModelFile = (name: string, size: number): boolean =>
  SAVED_MODEL_FILE.test(name) || (SIDECAR.test(name) && size <= SIDECAR_BYTES);
