import { FieldmarkError } from "@fieldmark/contract";
import type { CompiledQuery } from "kysely";
import { sql } from "kysely";

import type { JobQuery, JobSummary, ListPosition, SortBy } from "../job-store.ts";
import type { JobRow } from "../tables.ts";
import { selectSummaries } from "./statements.ts";

type SortColumn = "name" | "status" | "created_at" | "id";

/** What each order compares, down to something unique; an index holds it (migrations/0001-jobs.ts). */
const SORT_COLUMNS = {
  CreationTime: ["created_at", "id"],
  Name: ["name"],
  Status: ["status", "created_at", "id"],
} as const satisfies Record<SortBy, readonly SortColumn[]>;

export type SummaryRow = Omit<JobRow, "leased_by" | "leased_until">;

/** One page and one row more, which says whether there is another page. */
export function listJobs(query: JobQuery): CompiledQuery<SummaryRow> {
  const columns: readonly SortColumn[] = SORT_COLUMNS[query.sortBy];
  const forward = query.sortOrder === "Ascending";
  let select = selectSummaries.limit(query.limit + 1);
  for (const column of columns) select = select.orderBy(column, forward ? "asc" : "desc");
  if (query.after !== undefined) {
    const values = checkedPosition(columns, query.after);
    const left = sql.join(columns.map((column) => sql.ref(column)));
    select = select.where(sql<boolean>`(${left}) ${sql.raw(forward ? ">" : "<")} (${sql.join(values)})`);
  }
  if (query.status !== undefined) select = select.where("status", "=", query.status);
  // instr compares bytes: no wildcard of LIKE has to be escaped
  if (query.nameContains !== undefined)
    select = select.where(sql<boolean>`instr(name, ${query.nameContains}) > 0`);
  if (query.createdAfter !== undefined) select = select.where("created_at", ">", query.createdAfter);
  if (query.createdBefore !== undefined) select = select.where("created_at", "<", query.createdBefore);
  if (query.modifiedAfter !== undefined) select = select.where("modified_at", ">", query.modifiedAfter);
  if (query.modifiedBefore !== undefined) select = select.where("modified_at", "<", query.modifiedBefore);
  return select.compile();
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
