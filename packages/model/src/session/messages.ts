import type { TransferredError } from "@fieldmark/contract";
import type { Tensor } from "../tensor.ts";

/** How a session is set up; plain data, crosses the thread border. */
export interface SessionSettings {
  /** Threads of one operator: 1 runs in the worker alone. */
  readonly threads: number;
}

/** What the main thread asks of a session's worker; answers carry the same id. */
export type SessionRequest =
  | {
      readonly id: number;
      readonly kind: "open";
      readonly path: string;
      readonly settings: SessionSettings;
    }
  | {
      readonly id: number;
      readonly kind: "run";
      readonly inputs: Readonly<Record<string, Tensor>>;
      readonly outputs: readonly string[];
    }
  | { readonly id: number; readonly kind: "close" };

export type SessionAnswer =
  | { readonly id: number; readonly outputs: Readonly<Record<string, Tensor>> }
  | { readonly id: number; readonly error: TransferredError };
