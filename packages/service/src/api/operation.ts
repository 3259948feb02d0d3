/** Whose keys signed a request: the service's own, or those of one job's program. */
export type Identity =
  | { readonly kind: "owner" }
  | { readonly kind: "job"; readonly jobId: string; readonly jobName: string };

/** What an operation knows of the call beside its input. */
export interface Call {
  readonly identity: Identity;
  readonly region: string;
  readonly accountId: string;
  readonly requestId: string;
  /** When the request came. */
  readonly now: Date;
}

/** One operation. Its input was validated from the service's model; what it throws on purpose is a FieldmarkError. */
type Operation<Input, Output> = (input: Input, call: Call) => Promise<Output>;

interface InAndOut {
  readonly input: unknown;
  readonly output: unknown;
}

/** An operation for each that a service's model names. */
export type OperationsOf<Service extends { readonly [K in keyof Service]: InAndOut }> = {
  readonly [K in keyof Service]: Operation<Service[K]["input"], Service[K]["output"]>;
};

/** Operations by `<target prefix or service>.<name>`: `SageMaker.ListTags`, `sts.GetCallerIdentity`. */
export type OperationTable = ReadonlyMap<string, Operation<Readonly<Record<string, unknown>>, unknown>>;

/** A part of the table. The input of each operation is validated from the model that its type was made from. */
export function operationTable<Service extends { readonly [K in keyof Service]: InAndOut }>(
  prefix: string,
  operations: OperationsOf<Service>,
): OperationTable {
  const entries = Object.entries<unknown>(operations).map(
    ([name, operation]) =>
      [`${prefix}.${name}`, operation as Operation<Readonly<Record<string, unknown>>, unknown>] as const,
  );
  return new Map(entries);
}

/** What an operation answers whose model has no output. */
export const NOTHING: Readonly<Record<string, never>> = Object.freeze({});
