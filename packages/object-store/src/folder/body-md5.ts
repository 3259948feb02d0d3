import { createHash, type Hash } from "node:crypto";
import { FileThread, type FileWork } from "./file-thread.ts";

/** Bytes up to which a hash here is done before the thread has begun. */
const HERE_BYTES = 4 << 20;

const thread = new FileThread();

/**
 * The MD5 of a body on its way into a file. That of a large one is taken in another thread, which reads the file behind the
 * writer: MD5 is slower than all else that becomes of a body, and cannot be divided.
 */
export class BodyMd5 implements Disposable {
  readonly #path: string;
  readonly #offset: number;
  #here: Hash | null = createHash("md5");
  #behind: FileWork | null = null;
  #received = 0;
  #written = 0;

  /** @param offset of the body in the file, bytes */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  received(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.#received <= HERE_BYTES) this.#here?.update(chunk);
    else this.#here = null;
  }

  /** So many more bytes stand in the file. */
  written(bytes: number): void {
    this.#written += bytes;
    if (this.#here === null) this.#hashBehind(false);
  }

  /** Of all that was received, once it was written. @returns 16 bytes @throws what reading the file throws */
  async digest(): Promise<Buffer> {
    if (this.#here !== null) return this.#here.digest();
    const md5 = await this.#hashBehind(true).done;
    return Buffer.from(md5 ?? "", "hex");
  }

  #hashBehind(isWhole: boolean): FileWork {
    this.#behind ??= thread.begin();
    const piece = { path: this.#path, offset: this.#offset, size: this.#written };
    this.#behind.order({ kind: "md5", piece, isWhole });
    return this.#behind;
  }

  [Symbol.dispose](): void {
    this.#behind?.[Symbol.dispose]();
  }
}
