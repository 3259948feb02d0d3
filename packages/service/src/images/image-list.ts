import { answers, openDocker } from "../runtimes/docker/connect-docker.ts";
import { type ImageAlias, readAliases } from "./image-aliases.ts";
import { IMAGE_RULES, type ImageRule, READY_IMAGES } from "./image-rules.ts";
import { type ReadyImageStatus, readyImages } from "./ready-images.ts";

/** What stands in for images, and whether it is there. */
export interface ImageList {
  /** false: nothing is known of what is built. */
  readonly daemonAnswers: boolean;
  readonly ready: readonly ReadyImageStatus[];
  readonly aliases: readonly ImageAlias[];
  readonly rules: readonly ImageRule[];
}

/** @throws DATA_BROKEN, DOCKER_SETTINGS */
export async function listImages({
  dataFolder,
  env,
  version,
}: {
  readonly dataFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of Fieldmark. */
  readonly version: string;
}): Promise<ImageList> {
  const aliases = await readAliases(dataFolder);
  const { docker } = await openDocker(env);
  const daemonAnswers = await answers(docker);
  return {
    daemonAnswers,
    ready: daemonAnswers
      ? await readyImages(docker, version)
      : READY_IMAGES.map((name) => ({ name, built: null })),
    aliases,
    rules: IMAGE_RULES,
  };
}
