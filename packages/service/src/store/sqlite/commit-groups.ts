import { FieldmarkError } from "@fieldmark/contract";
import type { Connection } from "./connection.ts";

interface Member {
  /** Runs inside the transaction; gives what to do when it is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Writes in groups: all that were asked for in one turn of the event loop share one commit, and so one flush of the disk.
 * A member resolves after the commit; one that throws is rolled back alone and does not fail the others. A member may be
 * run twice: members seldom throw, so a group is tried without a savepoint for each, and again with them when one did.
 */
export class CommitGroups implements Disposable {
  readonly #connection: Connection;
  #members: Member[] = [];
  #scheduled: NodeJS.Immediate | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#members.push({ run, fail: reject });
      this.#scheduled ??= setImmediate(() => this.#commit());
    });
  }

  [Symbol.dispose](): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#commit();
  }

  #commit(): void {
    const members = this.#members;
    this.#members = [];
    this.#scheduled = null;
    if (members.length === 0) return;
    let outcomes: readonly (() => void)[];
    try {
      outcomes =
        this.#together(members) ?? this.#transact(() => members.map((member) => this.#runAlone(member)));
    } catch (error) {
      for (const { fail } of members) fail(asDiskError(error));
      return;
    }
    for (const settle of outcomes) settle();
  }

  /** null, and nothing written, when anything failed: run apart, the members show which of them it was. */
  #together(members: readonly Member[]): readonly (() => void)[] | null {
    try {
      return this.#transact(() => members.map(({ run }) => run()));
    } catch {
      return null;
    }
  }

  #transact<T>(work: () => T): T {
    try {
      this.#connection.exec("begin immediate");
      const result = work();
      this.#connection.exec("commit");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #runAlone({ run, fail }: Member): () => void {
    this.#connection.exec("savepoint member");
    try {
      const settle = run();
      this.#connection.exec("release member");
      return settle;
    } catch (error) {
      // the disk is full: SQLite ended the whole transaction by itself
      if (!this.#connection.inTransaction) throw error;
      this.#connection.exec("rollback to member");
      this.#connection.exec("release member");
      return () => fail(error);
    }
  }

  /** A full disk rolls back by itself, and then there is no transaction to end. */
  #rollBack(): void {
    if (this.#connection.inTransaction) this.#connection.exec("rollback");
  }
}

/** What SQLite says of the disk as an error with a code; anything else as it is. https://www.sqlite.org/rescode.html */
function asDiskError(error: unknown): unknown {
  const { code = "", message } = error as Error & { readonly code?: string };
  if (!/^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN)/.test(code)) return error;
  return new FieldmarkError("DISK", `the record could not be written: ${message}`, { code }, error);
}
