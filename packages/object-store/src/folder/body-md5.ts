import { createHash, type Hash } from "node:crypto";
import { Md5Behind } from "./md5-behind.ts";

/** Bytes up to which a hash here is done before a thread has begun. */
const HERE_BYTES = 4 << 20;

/** The MD5 of a body on its way into a file: taken here, or for a large one in another thread, from the file. */
export class BodyMd5 implements Disposable {
  readonly #path: string;
  #here: Hash | null = createHash("md5");
  #behind: Md5Behind | null = null;
  #received = 0;
  #written = 0;

  constructor(path: string) {
    this.#path = path;
  }

  received(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.#received <= HERE_BYTES) this.#here?.update(chunk);
    else this.#here = null;
  }

  /** So many more bytes stand in the file. */
  written(bytes: number): void {
    this.#written += bytes;
    if (this.#here !== null) return;
    this.#ofFile().grown(this.#written);
  }

  /** Of all that was received, once it was written. @returns 16 bytes */
  async digest(): Promise<Buffer> {
    return this.#here?.digest() ?? (await this.#ofFile().digest(this.#written));
  }

  #ofFile(): Md5Behind {
    this.#behind ??= new Md5Behind(this.#path);
    return this.#behind;
  }

  [Symbol.dispose](): void {
    this.#behind?.[Symbol.dispose]();
  }
}
