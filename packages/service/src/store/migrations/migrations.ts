import { jobs } from "./0001-jobs.ts";

/** Plain SQL, in order, one file each. A released one is never changed: what comes after it is a new file. */
export const MIGRATIONS = [jobs] as const satisfies readonly string[];
