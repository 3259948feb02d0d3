import { jobs } from "./0001-jobs.ts";
import { imageDigest } from "./0002-image-digest.ts";

/** Plain SQL, in order, one file each. A released one is never changed: what comes after it is a new file. */
export const MIGRATIONS = [jobs, imageDigest] as const satisfies readonly string[];
