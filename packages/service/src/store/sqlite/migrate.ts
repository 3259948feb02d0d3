import { FieldmarkError } from "@fieldmark/contract";
import { CompiledQuery } from "kysely";

import type { Connection } from "./connection.ts";

/**
 * Brings the file's tables up to the newest migration, all or none.
 * @throws STORE_TOO_NEW when a newer version of Fieldmark made them
 */
export function migrate(connection: Connection, migrations: readonly string[]): void {
  connection.exec("begin immediate");
  try {
    const version =
      connection.first<{ user_version: number }>(CompiledQuery.raw("pragma user_version"))?.user_version ?? 0;
    if (version > migrations.length) {
      throw new FieldmarkError(
        "STORE_TOO_NEW",
        `the job store has schema ${version}, this version of Fieldmark knows up to ${migrations.length}`,
        { found: version, known: migrations.length },
      );
    }
    for (const sql of migrations.slice(version)) connection.exec(sql);
    if (version < migrations.length) connection.exec(`pragma user_version = ${migrations.length}`);
    connection.exec("commit");
  } catch (error) {
    if (connection.inTransaction) connection.exec("rollback");
    throw error;
  }
}
