import { FieldmarkError } from "@fieldmark/contract";
import { type GroupRow, type LogDatabase, prefixEnd, type StreamRow } from "./log-table.ts";

export interface StreamOrder {
  readonly by: "LogStreamName" | "LastEventTime";
  readonly descending: boolean;
}

/** The last stream of a page, where the next one goes on. */
export interface StreamPlace {
  readonly name: string;
  readonly lastEventAt: number;
}

/** Streams read at once when searching a group. */
const CANDIDATES = 200;

const ORDERS: Record<
  StreamOrder["by"],
  { readonly columns: readonly string[]; readonly placeOf: (place: StreamPlace) => readonly unknown[] }
> = {
  LogStreamName: { columns: ["name"], placeOf: ({ name }) => [name] },
  LastEventTime: {
    columns: ["coalesce(last_event_at, 0)", "name"],
    placeOf: ({ name, lastEventAt }) => [lastEventAt, name],
  },
};

/** Groups and streams by name. */
export class LogStreams {
  readonly #database: LogDatabase;

  constructor(database: LogDatabase) {
    this.#database = database;
  }

  /** @throws LOG_GROUP_NOT_FOUND */
  group(name: string): GroupRow {
    const row = this.#database.prepare("select * from log_group where name = ?").get(name) as
      | GroupRow
      | undefined;
    if (row === undefined) {
      throw new FieldmarkError("LOG_GROUP_NOT_FOUND", "The specified log group does not exist.", {
        logGroupName: name,
      });
    }
    return row;
  }

  /** @returns false when there is such a group already */
  createGroup(name: string, at: number, logGroupClass: GroupRow["class"] = "STANDARD"): boolean {
    const sql = "insert into log_group (name, created_at, class) values (?, ?, ?) on conflict do nothing";
    return this.#database.prepare(sql).run(name, at, logGroupClass).changes === 1;
  }

  groups(prefix: string, after: string, limit: number): readonly GroupRow[] {
    const sql = "select * from log_group where name >= ? and name < ? and name > ? order by name limit ?";
    return this.#database.prepare(sql).all(prefix, prefixEnd(prefix), after, limit) as GroupRow[];
  }

  /** Groups whose names hold `pattern`, without regard to case, as DescribeLogGroups' logGroupNamePattern. */
  groupsLike(pattern: string, after: string, limit: number): readonly GroupRow[] {
    const sql =
      "select * from log_group where instr(lower(name), lower(?)) > 0 and name > ? order by name limit ?";
    return this.#database.prepare(sql).all(pattern, after, limit) as GroupRow[];
  }

  find(group: GroupRow, name: string): StreamRow | null {
    const sql = "select * from log_stream where group_id = ? and name = ?";
    return (this.#database.prepare(sql).get(group.id, name) as StreamRow | undefined) ?? null;
  }

  /** @throws LOG_STREAM_NOT_FOUND */
  stream(group: GroupRow, name: string): StreamRow {
    const row = this.find(group, name);
    if (row === null) {
      throw new FieldmarkError("LOG_STREAM_NOT_FOUND", "The specified log stream does not exist.", {
        logGroupName: group.name,
        logStreamName: name,
      });
    }
    return row;
  }

  /** @returns false when there is such a stream already */
  createStream(group: GroupRow, name: string, kind: StreamRow["kind"], at: number): boolean {
    const sql =
      "insert into log_stream (group_id, name, kind, created_at) values (?, ?, ?, ?) on conflict do nothing";
    return this.#database.prepare(sql).run(group.id, name, kind, at).changes === 1;
  }

  streams(
    group: GroupRow,
    page: {
      readonly prefix: string;
      readonly order: StreamOrder;
      readonly after: StreamPlace | null;
      readonly limit: number;
    },
  ): readonly StreamRow[] {
    const { columns, placeOf } = ORDERS[page.order.by];
    const direction = page.order.descending ? "desc" : "asc";
    const beyond =
      page.after === null
        ? ""
        : `and (${columns.join(", ")}) ${page.order.descending ? "<" : ">"} (${columns.map(() => "?").join(", ")})`;
    // Without a prefix, no bounds of names: they would keep SQLite from the index by time.
    const [below, bounds] =
      page.prefix === "" ? ["", []] : ["and name >= ? and name < ?", [page.prefix, prefixEnd(page.prefix)]];
    const sql = `select * from log_stream where group_id = ? ${below} ${beyond}
      order by ${columns.map((column) => `${column} ${direction}`).join(", ")} limit ?`;
    const place = page.after === null ? [] : placeOf(page.after);
    return this.#database.prepare(sql).all(group.id, ...bounds, ...place, page.limit) as StreamRow[];
  }

  /** Streams that may hold events in [from, to), by their first event. Read page by page, as they are wanted. */
  *withEvents(
    group: GroupRow,
    { prefix, from, to }: { readonly prefix: string; readonly from: number; readonly to: number },
  ): Generator<StreamRow> {
    const next = this.#database.prepare(
      `select * from log_stream where group_id = ? and (first_event_at, name) > (?, ?) and first_event_at < ?
        and last_event_at >= ? and name >= ? and name < ? order by first_event_at, name limit ${CANDIDATES}`,
    );
    let after: readonly [number, string] = [-1, ""];
    for (;;) {
      const rows = next.all(group.id, ...after, to, from, prefix, prefixEnd(prefix)) as StreamRow[];
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = [last.first_event_at ?? 0, last.name];
    }
  }
}
