import type { Compilable, CompiledQuery } from "kysely";
import Database from "libsql";

interface Statement {
  readonly prepared: ReturnType<Database.Database["prepare"]>;
  /** Whether it answers with rows. */
  readonly isReader: boolean;
}

/** Statements kept prepared; a list has one for each combination of filters. */
const STATEMENTS = 256;

/**
 * One connection to the file. libsql is synchronous, so nothing comes between two calls in one turn of the event loop;
 * that is why queries that Kysely builds are run here and not by Kysely, whose drivers yield between statements.
 */
export class Connection implements Disposable {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Statement>();

  constructor(file: string) {
    this.#database = new Database(file);
    for (const pragma of [
      "journal_mode = WAL",
      "synchronous = FULL",
      "busy_timeout = 5000",
      "foreign_keys = ON",
      "cache_size = -65536",
      "journal_size_limit = 67108864",
    ]) {
      this.#database.pragma(pragma);
    }
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs a query; also one without an answer, whose rows are []. */
  all<R>({ sql, parameters }: CompiledQuery<R>): R[] {
    const { prepared, isReader } = this.#statement(sql);
    if (isReader) return prepared.all(parameters) as R[];
    prepared.run(parameters);
    return [];
  }

  first<R>(query: CompiledQuery<R>): R | null {
    return this.all(query)[0] ?? null;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): Statement {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    const oldest = this.#statements.keys().next();
    if (this.#statements.size >= STATEMENTS && !oldest.done) this.#statements.delete(oldest.value);
    const prepared = this.#database.prepare(sql);
    const statement = { prepared, isReader: prepared.reader };
    this.#statements.set(sql, statement);
    return statement;
  }
}

class Parameter {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

/**
 * A statement that runs often, built by Kysely once instead of at every call: `build` gets stand-ins for the values.
 */
export function compileOnce<P extends object, R>(
  build: (parameters: P) => Compilable<R>,
): (values: P) => CompiledQuery<R> {
  const standIns = new Proxy({} as P, { get: (_, key) => new Parameter(String(key)) });
  const compiled = build(standIns).compile();
  return (values) => ({
    ...compiled,
    parameters: compiled.parameters.map((value) =>
      value instanceof Parameter ? Reflect.get(values, value.key) : value,
    ),
  });
}
