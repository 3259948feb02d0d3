/**
 * The exchange of an evaluation's instances, over HTTP in the job's own network. Every worker holds one request open
 * for as long as it lives, and the leader says through its answer what is wanted:
 *
 * | request | body | meaning |
 * |---|---|---|
 * | `GET /shares/2` | | I work on share 2; the answer is lines of `LeaderWord`, and never ends before the work does |
 * | `PUT /shares/2/progress` | `Progress` | how far it is, also the sign of life |
 * | `PUT /shares/2/file` | the share, with its `Content-Digest` | answered once it is whole on the leader's disk |
 * | `PUT /shares/2/thumbnails/7` | WebP, or nothing | the answer to the leader's seventh wish |
 *
 * All carry `Authorization: Fieldmark <key>`; who has another key is of another job and is refused.
 */
export type LeaderWord =
  /** Only that the line moves. */
  | { readonly kind: "alive" }
  /** Asks for a small picture for the report. */
  | { readonly kind: "thumbnail"; readonly id: number; readonly imageFileName: string }
  /** The report is written: nothing of the share is needed any more. */
  | { readonly kind: "merged" }
  /** There will be no report; the shares stay. */
  | { readonly kind: "abandoned"; readonly reason: string };

export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Where the leader listens, on the address that its own name has. */
export const EXCHANGE_PORT = 47_599;
/** What a job's instances know of it, and others do not. */
export const AUTHORIZATION = (key: string): string => `Fieldmark ${key}`;
/** Bytes of a share's file at most. */
export const SHARE_LIMIT = 512 * 1024 * 1024;

/** Waits of the exchange, ms. */
export interface Patience {
  /** Between two signs of life. */
  readonly beat: number;
  /** A worker that is silent for so long is lost, whatever its connection says. */
  readonly silence: number;
  /** A worker whose connection ended has so long to come back, and a leader too. */
  readonly return: number;
  /** So long, once its own share is done, an instance waits for one that it never heard of. */
  readonly first: number;
}

export const PATIENCE: Patience = { beat: 2_000, silence: 30_000, return: 10_000, first: 120_000 };
