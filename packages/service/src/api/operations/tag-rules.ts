import { FieldmarkError } from "@fieldmark/contract";
import type { Tag } from "../../store/job-store.ts";

/**
 * What tags must keep beyond their model: each key once, and none of those that AWS keeps for itself.
 *
 * @throws VALIDATION
 */
export function checkTags(tags: readonly Tag[]): void {
  const keys = tags.map(({ Key }) => Key);
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined)
    throw new FieldmarkError(
      "VALIDATION",
      `aws: prefixed tag key names are not allowed for external use: '${reserved}'`,
    );
  const repeated = keys.find((key, i) => keys.indexOf(key) !== i);
  if (repeated !== undefined)
    throw new FieldmarkError("VALIDATION", `Duplicate tag keys found: '${repeated}'`);
}
