import { FieldmarkError } from "@fieldmark/contract";
import type Docker from "dockerode";
import { isNotFound, isUnreachable, wordsOf } from "../runtimes/docker/docker-errors.ts";
import { aliasFor, readAliases } from "./image-aliases.ts";
import { parseImageName, withTag } from "./image-name.ts";
import { agree, type ImageRule, type ReadyImageName, readyImageOf, ruleFor } from "./image-rules.ts";
import type { EnsureOptions, Images, PullPolicy, ReadyImage } from "./images.ts";
import { pullImage } from "./pull-image.ts";
import { versionsOf } from "./ready-images.ts";

export interface DockerImagesOptions {
  readonly docker: Docker;
  readonly dataFolder: string;
  readonly pull: PullPolicy;
  /** The surroundings: the user's Docker configuration is found by them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of Fieldmark: the tag of the images that it built. */
  readonly version: string;
}

/** What an image's name comes to. */
type Target =
  /** An image of a registry, pulled by the policy. */
  | { readonly kind: "named"; readonly reference: string }
  /** An image of `containers/`, which is built here and never pulled. */
  | {
      readonly kind: "ready";
      readonly name: ReadyImageName;
      /** Tried in this order. */
      readonly references: readonly string[];
      readonly warnings: (versions: Readonly<Record<string, string>>) => readonly string[];
    };

/** Images at a Docker daemon: the user's aliases, then the image itself where it is here, then the rules. */
export function dockerImages(options: DockerImagesOptions): Images {
  const { docker, dataFolder, pull, env, version } = options;

  const inspect = async (reference: string): Promise<Docker.ImageInspectInfo | null> => {
    try {
      return await docker.getImage(reference).inspect();
    } catch (error) {
      if (isNotFound(error)) return null;
      throw asDaemonError(error, reference);
    }
  };

  return {
    async ensure(image, { signal, onProgress }) {
      signal.throwIfAborted();
      const alias = aliasFor(await readAliases(dataFolder), image);
      const asked = alias?.image ?? image;
      if (alias !== null) onProgress(`image ${image}: ${asked} by the alias ${alias.pattern}`);
      const own = readyImageOf(asked);
      const here = await inspect(withTag(asked));
      const target = own === null && here !== null ? named(asked) : targetOf(asked, version);
      return target.kind === "named"
        ? await ensureNamed(target.reference, here, { signal, onProgress })
        : await ensureReady(image, target, onProgress);
    },
  };

  async function ensureNamed(
    reference: string,
    here: Docker.ImageInspectInfo | null,
    { signal, onProgress }: EnsureOptions,
  ): Promise<ReadyImage> {
    const isById = /^sha256:[0-9a-f]{64}$/.test(reference);
    if (here !== null && (pull !== "always" || isById)) return readyImage(reference, here);
    if (pull === "never" || isById) {
      throw new FieldmarkError(
        "IMAGE_UNKNOWN",
        `the image ${reference} is not on this machine${isById ? "" : ", and the service pulls none (--pull never)"}: \`docker pull ${reference}\`, or build it`,
        { image: reference },
      );
    }
    await pullImage(docker, withTag(reference), { env, signal, onProgress });
    const pulled = await inspect(withTag(reference));
    if (pulled !== null) return readyImage(reference, pulled);
    throw new FieldmarkError("IMAGE_FAILED", `the image ${reference} was pulled and is gone again`, {
      image: reference,
    });
  }

  async function ensureReady(
    image: string,
    { name, references, warnings }: Extract<Target, { kind: "ready" }>,
    onProgress: (line: string) => void,
  ): Promise<ReadyImage> {
    for (const reference of references) {
      const found = await inspect(reference);
      if (found === null) continue;
      const built = found.Config.Labels?.["org.opencontainers.image.version"];
      if (built !== undefined && built !== version)
        onProgress(
          `${reference} was built by Fieldmark ${built}, this is ${version}: \`fieldmark images build ${name}\``,
        );
      for (const warning of warnings(versionsOf(found.Config.Labels))) onProgress(warning);
      return readyImage(reference, found);
    }
    const what = readyImageOf(image) === null ? `${image}, which fieldmark/${name} stands in for,` : image;
    throw new FieldmarkError(
      "IMAGE_UNKNOWN",
      `the image ${what} is not built on this machine: \`fieldmark images build ${name}\`` +
        (readyImageOf(image) === null ? ` (or \`docker pull ${image}\` to run that image itself)` : ""),
      { image },
    );
  }
}

/** @throws IMAGE_UNKNOWN for a version that a rule refuses */
function targetOf(image: string, version: string): Target {
  const own = readyImageOf(image);
  if (own !== null) return { ...ready(own.name, own.tag, version), warnings: () => [] };
  const match = ruleFor(image);
  if (match === null) return named(image);
  const { rule, refusal, version: asked, gpu } = match;
  if (refusal !== null) {
    throw new FieldmarkError("IMAGE_UNKNOWN", `nothing stands in for the image ${image}: ${refusal}`, {
      image,
    });
  }
  return {
    ...ready(rule.image, null, version),
    warnings: (versions) => [
      ...differences(rule, asked, versions),
      ...(gpu ? [`fieldmark/${rule.image} uses no GPU, which ${image} would`] : []),
    ],
  };
}

const named = (reference: string): Target => ({ kind: "named", reference });

function ready(name: ReadyImageName, tag: string | null, version: string) {
  const tags = tag === null ? [version, "latest"] : [tag];
  return { kind: "ready" as const, name, references: tags.map((each) => `fieldmark/${name}:${each}`) };
}

function differences(
  rule: ImageRule,
  asked: string | null,
  versions: Readonly<Record<string, string>>,
): readonly string[] {
  const found = versions[rule.package];
  if (asked === null || found === undefined || agree(asked, found)) return [];
  return [`the image asks for ${rule.package} ${asked}; fieldmark/${rule.image} has ${found}`];
}

/** The digest that a registry gave the repository, else the image's id. */
function readyImage(reference: string, { Id, RepoDigests }: Docker.ImageInspectInfo): ReadyImage {
  const { registry, repository } = parseImageName(reference);
  const known = (RepoDigests ?? []).find((each) => {
    const name = parseImageName(each);
    return name.registry === registry && name.repository === repository;
  });
  return { reference, id: Id, digest: known ?? Id };
}

function asDaemonError(error: unknown, image: string): FieldmarkError {
  if (isUnreachable(error))
    return new FieldmarkError(
      "DOCKER_UNREACHABLE",
      `the Docker daemon does not answer: ${wordsOf(error)}`,
      {},
      error,
    );
  return new FieldmarkError("IMAGE_FAILED", `the image ${image}: ${wordsOf(error)}`, { image }, error);
}
