/** Bytes of UTF-8 in one answer, each message counted with 26 more, as CloudWatch counts. */
const PAGE_BYTES = 1_048_576;
const EVENT_OVERHEAD = 26;

/** Events of one answer: at most `limit`, at most 1 MiB, at least one. */
export class Page<Event extends { readonly message: string }> {
  readonly items: Event[] = [];
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false when the event does not fit any more */
  add(event: Event): boolean {
    const bytes = Buffer.byteLength(event.message) + EVENT_OVERHEAD;
    if (this.items.length >= this.#limit) return false;
    if (this.items.length > 0 && this.#bytes + bytes > PAGE_BYTES) return false;
    this.items.push(event);
    this.#bytes += bytes;
    return true;
  }
}
