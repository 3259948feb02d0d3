/** An upload's file is this long at most: file systems differ in how long one with holes may be. Bytes. */
const MOST_BYTES = 2 ** 40;

interface Upload {
  /** Bytes of all parts but the last; null before the first. */
  partSize: number | null;
  readonly taken: Set<number>;
  writing: number;
  isClosed: boolean;
}

/** Disposal ends the writing; where it was not kept, somebody else may take the place. */
export interface PartPlace extends Disposable {
  /** bytes */
  readonly offset: number;
  /** What is written there stays: nobody writes there any more. */
  keep(): void;
}

/**
 * Places of parts in the file that is to be the object. Parts of one size, the last of at most as much, lie there as in the
 * object, so that completing copies nothing. Each place is written once; whatever does not fit is kept apart, and so are
 * parts of uploads that an earlier process began.
 */
export class PartPlaces {
  readonly #uploads = new Map<string, Upload>();

  begin(uploadId: string): void {
    this.#uploads.set(uploadId, { partSize: null, taken: new Set(), writing: 0, isClosed: false });
  }

  /** null where the part is to be kept apart. */
  take(uploadId: string, number: number, size: number): PartPlace | null {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined || upload.isClosed || upload.taken.has(number) || size === 0) return null;
    const partSize = upload.partSize ?? size;
    const offset = (number - 1) * partSize;
    if (size > partSize || offset + size > MOST_BYTES) return null;
    upload.partSize = partSize;
    upload.taken.add(number);
    upload.writing += 1;
    let isKept = false;
    return {
      offset,
      keep: () => {
        isKept = true;
      },
      [Symbol.dispose]: () => {
        upload.writing -= 1;
        if (!isKept) upload.taken.delete(number);
      },
    };
  }

  /** No place is given any more. @returns whether nobody writes to one now */
  close(uploadId: string): boolean {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) return true;
    upload.isClosed = true;
    return upload.writing === 0;
  }

  forget(uploadId: string): void {
    this.close(uploadId);
    this.#uploads.delete(uploadId);
  }
}
