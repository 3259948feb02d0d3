import { link, unlink } from "node:fs/promises";
import type { ObjectRef } from "../object-store.ts";
import { statusAt } from "./at-once.ts";
import type { Bodies } from "./bodies.ts";
import { unless } from "./errno.ts";

const CANNOT_LINK = ["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP"] as const;
const WRITABLE = 0o222n;

/** "refused" where a link is impossible, or would let its holder change the object. */
export async function linkBody(
  bodies: Bodies,
  ref: ObjectRef,
  path: string,
): Promise<"linked" | "refused" | "absent"> {
  for (;;) {
    const found = await bodies.find(ref);
    if (found === null) return "absent";
    const linked = await unless(
      CANNOT_LINK,
      link(found.path, path).then(() => true, absentSource),
    );
    if (linked === null) return "refused";
    if (!linked) {
      // Removed or moved between the two calls: look again, unless it is the target's folder that is absent.
      if (statusAt(found.path) !== null) await link(found.path, path);
      else continue;
    }
    const status = statusAt(path);
    if (status?.isFile() && (status.mode & WRITABLE) === 0n) return "linked";
    await unlink(path);
    return "refused";
  }
}

function absentSource(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
  throw error;
}
