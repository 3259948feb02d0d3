/** When an image is pulled: where it is not here; each time; not at all. */
export type PullPolicy = "missing" | "always" | "never";

/** An image that a daemon can start containers from. */
export interface ReadyImage {
  /** The name it was found by, after aliases: what messages call it. */
  readonly reference: string;
  /** Its id at the daemon (`sha256:…`): containers are made from it, so that a tag that moves meanwhile changes nothing. */
  readonly id: string;
  /** `repository@sha256:…` where a registry gave it one, else its id: what the job's record keeps. */
  readonly digest: string;
}

export interface EnsureOptions {
  readonly signal: AbortSignal;
  /** Told of pulls as they go on, and of versions that differ from those asked for. */
  readonly onProgress: (line: string) => void;
}

/** Turns a job's ImageUri into an image at the daemon. */
export interface Images {
  /**
   * Resolves aliases, and pulls by the policy.
   * @throws IMAGE_UNKNOWN with the commands that build or pull it; IMAGE_DENIED where the registry wants a login;
   * IMAGE_FAILED with the registry's or the daemon's words; DOCKER_UNREACHABLE; the signal's reason
   */
  ensure(image: string, options: EnsureOptions): Promise<ReadyImage>;
}
