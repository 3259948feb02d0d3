/** Bytes of a file. */
export interface FilePiece {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** To a thread that works on files; those of one id are carried out in turn. */
export type FileOrder = { readonly id: number } & (
  | {
      /** Hash what is written so far. */
      readonly kind: "md5";
      readonly piece: FilePiece;
      /** Nothing more is written: answer. */
      readonly isWhole: boolean;
    }
  | {
      /** Write the pieces one after another into the open file, and answer. */
      readonly kind: "join";
      readonly file: number;
      readonly pieces: readonly FilePiece[];
    }
  /** No answer is wanted any more. */
  | { readonly kind: "forget" }
);

export type FileAnswer = { readonly id: number } & (
  | {
      /** hex; null where none was asked for */
      readonly md5: string | null;
    }
  | { readonly problem: { readonly message: string; readonly code: string | undefined } }
);
