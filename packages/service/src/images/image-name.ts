/** An image's name, taken apart as Docker does it. */
export interface ImageName {
  /** `docker.io` where none is said. */
  readonly registry: string;
  /** `library/debian` for Docker's `debian`. */
  readonly repository: string;
  /** null: none is said, which means `latest` unless there is a digest. */
  readonly tag: string | null;
  readonly digest: string | null;
}

const DOCKER_HUB = "docker.io";
const DIGEST = /@([a-z0-9]+:[0-9a-f]{32,})$/;
const TAG = /:([\w][\w.-]{0,127})$/;

/** A first part with a dot, a port, or `localhost` is a registry; all else is of Docker Hub. */
export function parseImageName(image: string): ImageName {
  const digest = DIGEST.exec(image)?.[1] ?? null;
  const named = digest === null ? image : image.slice(0, image.lastIndexOf("@"));
  const tag = TAG.exec(named.slice(named.lastIndexOf("/") + 1))?.[1] ?? null;
  const path = tag === null ? named : named.slice(0, -tag.length - 1);
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(slash, 0));
  const isRegistry = /[.:]/.test(first) || first === "localhost";
  const registry = isRegistry ? first : DOCKER_HUB;
  const rest = isRegistry ? path.slice(slash + 1) : path;
  const isHub = registry === DOCKER_HUB || registry === "index.docker.io";
  return {
    registry: isHub ? DOCKER_HUB : registry,
    repository: isHub && !rest.includes("/") ? `library/${rest}` : rest,
    tag,
    digest,
  };
}

/** With the tag that Docker takes where none is said: a pull without one fetches every tag. */
export function withTag(image: string): string {
  const { tag, digest } = parseImageName(image);
  return tag === null && digest === null ? `${image}:latest` : image;
}
