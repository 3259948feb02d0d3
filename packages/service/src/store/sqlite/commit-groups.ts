import type { Connection } from "./connection.ts";

interface Member {
  /** Runs inside the transaction; gives what to do when it is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Writes in groups: all that were asked for in one turn of the event loop share one commit, and so one flush of the disk.
 * A member resolves after the commit; one that throws is rolled back alone and does not fail the others.
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
    const outcomes: (() => void)[] = [];
    try {
      this.#connection.exec("begin immediate");
      for (const member of members) outcomes.push(this.#runAlone(member));
      this.#connection.exec("commit");
    } catch (error) {
      this.#rollBack();
      for (const { fail } of members) fail(error);
      return;
    }
    for (const settle of outcomes) settle();
  }

  #runAlone({ run, fail }: Member): () => void {
    this.#connection.exec("savepoint member");
    try {
      const settle = run();
      this.#connection.exec("release member");
      return settle;
    } catch (error) {
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
