import { link, lstat, unlink } from "node:fs/promises";
import type { ObjectRef } from "../object-store.ts";
import type { Bodies } from "./bodies.ts";
import { ABSENT, unless } from "./errno.ts";

const CANNOT_LINK = ["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP"] as const;
const WRITABLE = 0o222;

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
      if ((await unless(ABSENT, lstat(found.path))) !== null) await link(found.path, path);
      else continue;
    }
    const status = await lstat(path);
    if (status.isFile() && (status.mode & WRITABLE) === 0) return "linked";
    await unlink(path);
    return "refused";
  }
}

function absentSource(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
  throw error;
}
