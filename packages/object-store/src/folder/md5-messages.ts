/** To the thread that hashes; orders of one id are carried out in turn. */
export type Md5Order = { readonly id: number } & (
  | {
      /** Hash the file as far as it is written. */
      readonly kind: "hash";
      readonly path: string;
      /** bytes written so far */
      readonly size: number;
      /** Nothing more is written: answer. */
      readonly isWhole: boolean;
    }
  | { readonly kind: "forget" }
);

export type Md5Answer = { readonly id: number } & (
  | {
      /** hex */
      readonly md5: string;
    }
  | { readonly problem: { readonly message: string; readonly code: string | undefined } }
);
