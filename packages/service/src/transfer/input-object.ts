/** One object that an input takes. */
export interface InputObject {
  readonly bucket: string;
  readonly key: string;
  /** Where it lies below LocalPath: key segments joined by `/`; not checked yet. */
  readonly path: string;
}
