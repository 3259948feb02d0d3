import { FieldmarkError } from "@fieldmark/contract";
import type { CompiledQuery } from "kysely";
import { type RawBuilder, sql } from "kysely";

import type { JobQuery, JobSummary, ListPosition, SortBy } from "../job-store.ts";
import type { JobRow } from "../tables.ts";
import { selectIds, selectSummaries } from "./statements.ts";

type SortColumn = "name" | "status" | "created_at" | "id";

/** What each order compares, down to something unique; an index holds it (migrations/0001-jobs.ts). */
const SORT_COLUMNS = {
  CreationTime: ["created_at", "id"],
  Name: ["name"],
  Status: ["status", "created_at", "id"],
} as const satisfies Record<SortBy, readonly SortColumn[]>;

export type SummaryRow = Omit<JobRow, "leased_by" | "leased_until">;

/**
 * One page and one row more, which says whether there is another page. The ids of the page are found in an index that
 * holds every column that is compared; only then their rows are read.
 */
export function listJobs(query: JobQuery): CompiledQuery<SummaryRow> {
  const columns: readonly SortColumn[] = SORT_COLUMNS[query.sortBy];
  const direction = query.sortOrder === "Ascending" ? "asc" : "desc";
  const conditions = conditionsOf(query, columns);
  let page = selectIds.limit(query.limit + 1);
  let select = selectSummaries;
  for (const column of columns) {
    page = page.orderBy(column, direction);
    select = select.orderBy(column, direction);
  }
  for (const condition of conditions) page = page.where(condition);
  return select.where("id", "in", page).compile();
}

/** Bounds in time have a `+` where another column is sorted by: SQLite then reads in the list's order instead of sorting. */
function conditionsOf(query: JobQuery, columns: readonly SortColumn[]): readonly RawBuilder<boolean>[] {
  const created = sql.raw(query.sortBy === "CreationTime" ? "created_at" : "+created_at");
  const { after, status, nameContains, createdAfter, createdBefore, modifiedAfter, modifiedBefore } = query;
  const isAfter = sql.raw(query.sortOrder === "Ascending" ? ">" : "<");
  const sorted = sql.join(columns.map((column) => sql.ref(column)));
  return [
    ...(after === undefined
      ? []
      : [sql<boolean>`(${sorted}) ${isAfter} (${sql.join(checkedPosition(columns, after))})`]),
    ...(status === undefined ? [] : [sql<boolean>`status = ${status}`]),
    // instr compares bytes: no wildcard of LIKE has to be escaped
    ...(nameContains === undefined ? [] : [sql<boolean>`instr(name, ${nameContains}) > 0`]),
    ...(createdAfter === undefined ? [] : [sql<boolean>`${created} > ${createdAfter}`]),
    ...(createdBefore === undefined ? [] : [sql<boolean>`${created} < ${createdBefore}`]),
    ...(modifiedAfter === undefined ? [] : [sql<boolean>`+modified_at > ${modifiedAfter}`]),
    ...(modifiedBefore === undefined ? [] : [sql<boolean>`+modified_at < ${modifiedBefore}`]),
  ];
}

/** Where a job stands in an order. */
export function positionOf(job: JobSummary, sortBy: SortBy): ListPosition {
  const values = { name: job.name, status: job.status, created_at: job.createdAt, id: job.id };
  return SORT_COLUMNS[sortBy].map((column) => values[column]);
}

function checkedPosition(columns: readonly SortColumn[], position: ListPosition): ListPosition {
  const fits = (column: SortColumn, value: unknown) =>
    column === "created_at" ? Number.isSafeInteger(value) : typeof value === "string";
  if (position.length !== columns.length || !columns.every((column, i) => fits(column, position[i]))) {
    throw new FieldmarkError("POSITION_INVALID", "The NextToken is not one of this list's order.");
  }
  return position;
}
