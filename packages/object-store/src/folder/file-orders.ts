/** To a thread that works on files; those of one id are carried out in turn. */
export type FileOrder = { readonly id: number } & (
  | {
      /** Hash the file as far as it is written. */
      readonly kind: "md5";
      readonly path: string;
      /** bytes written so far */
      readonly size: number;
      /** Nothing more is written: answer. */
      readonly isWhole: boolean;
    }
  | {
      /** Write the sources one after another into the open file, and answer. */
      readonly kind: "join";
      readonly file: number;
      readonly sources: readonly string[];
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
