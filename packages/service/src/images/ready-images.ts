import type Docker from "dockerode";
import { READY_IMAGES, type ReadyImageName } from "./image-rules.ts";

/** One of the images of `containers/`, as `fieldmark images list` shows it. */
export interface ReadyImageStatus {
  readonly name: ReadyImageName;
  /** null: not built here. */
  readonly built: {
    readonly reference: string;
    readonly id: string;
    /** bytes, base included */
    readonly size: number;
    /** ISO 8601 */
    readonly createdAt: string;
    /** Of Fieldmark, when it was built. */
    readonly fieldmark: string | null;
    /** Of what is inside, by package. */
    readonly versions: Readonly<Record<string, string>>;
  } | null;
}

/** What of the ready images the daemon has; `:version` before `:latest`. */
export async function readyImages(docker: Docker, version: string): Promise<readonly ReadyImageStatus[]> {
  const there = await docker.listImages();
  return READY_IMAGES.map((name): ReadyImageStatus => {
    for (const reference of [`fieldmark/${name}:${version}`, `fieldmark/${name}:latest`]) {
      const found = there.find(({ RepoTags }) => (RepoTags ?? []).includes(reference));
      if (found === undefined) continue;
      const built = {
        reference,
        id: found.Id,
        size: found.Size,
        createdAt: new Date(found.Created * 1000).toISOString(),
        fieldmark: found.Labels?.["org.opencontainers.image.version"] ?? null,
        versions: versionsOf(found.Labels),
      };
      return { name, built };
    }
    return { name, built: null };
  });
}

/** The label `io.fieldmark.versions`; nothing where it is absent or is none of ours. */
export function versionsOf(
  labels: Readonly<Record<string, string>> | null | undefined,
): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(labels?.["io.fieldmark.versions"] ?? "{}");
    const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
    return Object.fromEntries(entries.filter(([, version]) => typeof version === "string"));
  } catch {
    return {};
  }
}
