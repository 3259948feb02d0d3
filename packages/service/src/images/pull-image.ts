import { FieldmarkError } from "@fieldmark/contract";
import type Docker from "dockerode";
import { isUnreachable, wordsOf } from "../runtimes/docker/docker-errors.ts";
import { parseImageName } from "./image-name.ts";
import type { EnsureOptions } from "./images.ts";
import { PullProgress } from "./pull-progress.ts";
import { registryLogin } from "./registry-credentials.ts";

/**
 * Pulls one image with the user's own login at its registry.
 *
 * @throws IMAGE_UNKNOWN, IMAGE_DENIED, IMAGE_FAILED, DOCKER_UNREACHABLE; the signal's reason
 */
export async function pullImage(
  docker: Docker,
  reference: string,
  { env, signal, onProgress }: EnsureOptions & { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  const { registry } = parseImageName(reference);
  const login = await registryLogin(registry, env);
  onProgress(`pulling ${reference}${login === null ? "" : " with your login"}`);
  try {
    const options = { abortSignal: signal, ...(login === null ? {} : { authconfig: login }) };
    const stream = await docker.pull(reference, options);
    const progress = new PullProgress(reference);
    await new Promise<void>((resolve, reject) => {
      const finished = (error: Error | null) => (error === null ? resolve() : reject(error));
      docker.modem.followProgress(stream, finished, (event: unknown) => {
        const line = progress.take(event);
        if (line !== null) onProgress(line);
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw asPullError(error, { reference, registry, hasLogin: login !== null });
  }
}

/** Registries say in words alone why a pull fails; these are the daemon's and the common registries'. */
const DENIED = /unauthorized|authentication required|no basic auth|denied|forbidden|401|403/i;
const UNKNOWN = /not found|manifest unknown|does not exist|name unknown|invalid reference format/i;

function asPullError(
  error: unknown,
  {
    reference,
    registry,
    hasLogin,
  }: { readonly reference: string; readonly registry: string; readonly hasLogin: boolean },
): FieldmarkError {
  // where a pull is refused at once, dockerode puts the status before the daemon's words
  const words = wordsOf(error)
    .replace(/^\(HTTP code \d+\) [a-z ]+ - /, "")
    .trim();
  const details = { image: reference, registry };
  if (isUnreachable(error))
    return new FieldmarkError(
      "DOCKER_UNREACHABLE",
      `the Docker daemon does not answer: ${words}`,
      details,
      error,
    );
  // Docker Hub answers "denied" for what is not there as well: its words name both
  if (DENIED.test(words)) {
    const host = registry === "docker.io" ? "" : ` ${registry}`;
    const advice = hasLogin
      ? `your login there has no access to it, or it does not exist: \`docker login${host}\` again`
      : `it does not exist, or it wants a login: \`docker login${host}\``;
    return new FieldmarkError(
      "IMAGE_DENIED",
      `the image ${reference} cannot be pulled: ${advice} (${words})`,
      details,
      error,
    );
  }
  if (UNKNOWN.test(words)) {
    return new FieldmarkError(
      "IMAGE_UNKNOWN",
      `there is no image ${reference}, neither on this machine nor at ${registry}: build it with \`docker build -t ${reference} FOLDER\`, or correct its name (${words})`,
      details,
      error,
    );
  }
  return new FieldmarkError(
    "IMAGE_FAILED",
    `the image ${reference} cannot be pulled: ${words}`,
    details,
    error,
  );
}
