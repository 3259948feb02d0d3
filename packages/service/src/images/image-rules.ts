import { parseImageName } from "./image-name.ts";

/** The images of `containers/`, and the process runtime's environments of the same names. */
export const READY_IMAGES = ["evaluator", "sklearn", "tensorflow", "pyspark"] as const;
export type ReadyImageName = (typeof READY_IMAGES)[number];

export function isReadyImageName(name: string): name is ReadyImageName {
  return READY_IMAGES.some((ready) => ready === name);
}

/** What stands in for the images that SageMaker's SDKs name, in any account and region. */
export interface ImageRule {
  /** Repositories of the ECR URIs. */
  readonly repositories: readonly string[];
  readonly image: ReadyImageName;
  /** The package whose version the tag of the URI is. */
  readonly package: string;
  /** Versions that nothing stands in for, and why; [] where all are taken. */
  readonly refused: readonly { readonly below: string; readonly reason: string }[];
}

/** Every rule, in the order of `fieldmark images list`. */
export const IMAGE_RULES: readonly ImageRule[] = [
  { repositories: ["sagemaker-scikit-learn"], image: "sklearn", package: "scikit-learn", refused: [] },
  {
    repositories: [
      "tensorflow-training",
      "tensorflow-inference",
      "sagemaker-tensorflow",
      "sagemaker-tensorflow-scriptmode",
      "sagemaker-tensorflow-serving",
    ],
    image: "tensorflow",
    package: "tensorflow",
    refused: [],
  },
  {
    repositories: ["sagemaker-spark-processing"],
    image: "pyspark",
    package: "pyspark",
    refused: [
      {
        below: "3.0",
        reason:
          "jars for Spark 2 are built for Scala 2.11, which Spark 3 does not load; ask for framework_version 3.x",
      },
    ],
  },
];

const ECR = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/;
const VERSION = /^(\d+(?:\.\d+)*)(?:-|$)/;

/** A rule that an image's name falls under. */
export interface RuleMatch {
  readonly rule: ImageRule;
  /** As the tag says it: "2.8.0"; null where it says none. */
  readonly version: string | null;
  /** The tag asks for a GPU, which no image of ours uses. */
  readonly gpu: boolean;
  /** Why the rule does not take this version; null when it does. */
  readonly refusal: string | null;
}

/** null when no rule knows the image. */
export function ruleFor(image: string): RuleMatch | null {
  const { registry, repository, tag } = parseImageName(image);
  if (!ECR.test(registry)) return null;
  const rule = IMAGE_RULES.find(({ repositories }) => repositories.includes(repository));
  if (rule === undefined) return null;
  const version = VERSION.exec(tag ?? "")?.[1] ?? null;
  const refused =
    version === null ? undefined : rule.refused.find(({ below }) => compareVersions(version, below) < 0);
  return {
    rule,
    version,
    gpu: /(?:^|-)gpu(?:-|$)/.test(tag ?? ""),
    refusal: refused === undefined ? null : `${rule.package} ${version}: ${refused.reason}`,
  };
}

/** The ready image of a name such as `sklearn` or `fieldmark/sklearn`, with or without a tag; null for any other. */
export function readyImageOf(
  image: string,
): { readonly name: ReadyImageName; readonly tag: string | null } | null {
  const { registry, repository, tag, digest } = parseImageName(image);
  const [owner, name] = repository.split("/");
  const found = READY_IMAGES.find((ready) => ready === name);
  const isOurs =
    registry === "docker.io" && (owner === "fieldmark" || owner === "library") && digest === null;
  return isOurs && found !== undefined ? { name: found, tag } : null;
}

/** By their numbers, left to right: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether two versions agree in major and minor, as far as both say them: patches keep what programs rely on. */
export function agree(asked: string, found: string): boolean {
  const [a, b] = [asked, found].map((version) => version.split(".").slice(0, 2));
  const length = Math.min(a?.length ?? 0, b?.length ?? 0);
  return a?.slice(0, length).join(".") === b?.slice(0, length).join(".");
}
