/** A shape of a published service model; others are named. `min` and `max` bound a length or a value. */
export type Shape =
  | {
      readonly type: "structure";
      readonly members: Readonly<Record<string, string>>;
      readonly required: readonly string[];
    }
  | { readonly type: "list"; readonly member: string; readonly min?: number; readonly max?: number }
  | {
      readonly type: "map";
      readonly key: string;
      readonly value: string;
      readonly min?: number;
      readonly max?: number;
    }
  | ScalarShape;

export interface ScalarShape {
  readonly type: "string" | "integer" | "long" | "boolean" | "timestamp" | "float" | "double";
  readonly min?: number;
  readonly max?: number;
  /** A Java regular expression for the whole text. */
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** The part of a service's model that is needed to read its requests. */
export interface ServiceModel {
  /** `X-Amz-Target: <targetPrefix>.<operation>`; null for the Query protocol. */
  readonly targetPrefix: string | null;
  readonly xmlNamespace: string | null;
  /** Names of the shapes that operations take and answer. */
  readonly operations: Readonly<
    Record<string, { readonly input: string | null; readonly output: string | null }>
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
}
