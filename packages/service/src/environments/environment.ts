import type { Interpreter } from "./interpreter.ts";

/** Where an environment comes from. */
export type EnvironmentSource =
  /** The requirements of Fieldmark itself; built again when they change. */
  | { readonly kind: "built-in"; readonly digest: string }
  | { readonly kind: "requirements"; readonly file: string }
  /** An interpreter or virtual environment that the user has. */
  | { readonly kind: "python"; readonly path: string };

/** An environment as it is recorded: one JSON file in `DATA/environments`. */
export interface EnvironmentRecord {
  readonly name: string;
  /** Image names that it stands in for; `*` is any text, `?` one character. */
  readonly images: readonly string[];
  readonly source: EnvironmentSource;
  readonly interpreter: Interpreter;
  /** The virtual environment that was built for it; null where the user's own is used. */
  readonly folder: string | null;
  /** ISO 8601 */
  readonly addedAt: string;
}

/** The evaluator: this very Node and the built command line. */
export interface EvaluatorProgram {
  /** Path of the Node binary. */
  readonly node: string;
  /** Folder whose `folders` hold all of its modules. */
  readonly root: string;
  /** Folders below `root` that an instance needs, e.g. node_modules. */
  readonly folders: readonly string[];
  /** The command's file, relative to `root`. */
  readonly script: string;
}

/** What a job's image stands for on this machine, ready to run. */
export type Environment =
  | {
      readonly kind: "python";
      readonly name: string;
      readonly interpreter: Interpreter;
      readonly variables: Readonly<Record<string, string>>;
    }
  | { readonly kind: "evaluator"; readonly name: string; readonly program: EvaluatorProgram };

/** Words that a program is run by when the request names no entrypoint; null where an environment has none. */
export function defaultEntrypoint(environment: Environment): readonly string[] | null {
  return environment.kind === "evaluator" ? ["fieldmark", "evaluate"] : null;
}
