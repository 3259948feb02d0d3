import { FieldmarkError } from "@fieldmark/contract";
import { IMAGE_REGISTRIES } from "./image-registries.ts";

export type Framework = keyof typeof IMAGE_REGISTRIES;

export interface ImageOptions {
  readonly framework: Framework;
  /** As AWS's image names it: "0.20.0", "2.8.0", "3.3". */
  readonly version: string;
  /** e.g. "us-east-1" */
  readonly region: string;
  /** TensorFlow and Spark: "py39". Default for TensorFlow: the one Python that AWS builds this version for. */
  readonly pyVersion?: string;
  /** TensorFlow: ml.p* and ml.g* take the GPU image. */
  readonly instanceType?: string;
  /** Spark, together with `pyVersion`: "1.0". */
  readonly containerVersion?: string;
}

/**
 * The one Python of TensorFlow's images, by minor version.
 * @see sagemaker-python-sdk 2.257.0, src/sagemaker/image_uri_config/tensorflow.json
 */
const TENSORFLOW_PYTHONS: Readonly<Record<string, string>> = {
  ...{ "2.2": "py37", "2.3": "py37", "2.4": "py37", "2.5": "py37" },
  ...{ "2.6": "py38", "2.7": "py38" },
  ...{ "2.8": "py39", "2.9": "py39", "2.10": "py39", "2.11": "py39" },
  ...{ "2.12": "py310", "2.13": "py310", "2.14": "py310", "2.16": "py310", "2.18": "py310" },
  "2.19": "py312",
};

/**
 * URI of AWS's own image of a framework, as the SageMaker Python SDK's `image_uris.retrieve` gives it. Fieldmark maps
 * these URIs to its environments, so that the same code runs on both.
 *
 * @example
 * ```ts
 * import { imageUri } from "@fieldmark/sdk";
 *
 * imageUri({ framework: "sklearn", version: "0.20.0", region: "us-east-1" });
 * // "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"
 * ```
 * @throws REQUEST_INVALID when AWS has no such image in the region, or when a Python version is needed
 */
export function imageUri(options: ImageOptions): string {
  const { framework, region } = options;
  const registries: Readonly<Record<string, string>> = IMAGE_REGISTRIES[framework];
  const account = Object.hasOwn(registries, region) ? registries[region] : undefined;
  if (account === undefined)
    throw new FieldmarkError(
      "REQUEST_INVALID",
      `region "${region}": AWS publishes no ${framework} image there; give imageUri`,
      { region, framework },
    );
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return `${account}.dkr.ecr.${region}.${domain}/${REPOSITORIES[framework]}:${TAGS[framework](options)}`;
}

const REPOSITORIES = {
  sklearn: "sagemaker-scikit-learn",
  tensorflow: "tensorflow-training",
  spark: "sagemaker-spark-processing",
} as const satisfies Record<Framework, string>;

const TAGS = {
  sklearn: ({ version }) => `${version}-cpu-py3`,
  tensorflow: ({ version, pyVersion, instanceType }) => {
    const python = pyVersion ?? TENSORFLOW_PYTHONS[version.split(".").slice(0, 2).join(".")];
    if (python === undefined)
      throw new FieldmarkError(
        "REQUEST_INVALID",
        `TensorFlow ${version}: pyVersion is missing, e.g. "py310"`,
      );
    return `${version}-${/^ml\.[gp]/.test(instanceType ?? "") ? "gpu" : "cpu"}-${python}`;
  },
  spark: ({ version, pyVersion, containerVersion }) => {
    if ((pyVersion === undefined) !== (containerVersion === undefined))
      throw new FieldmarkError(
        "REQUEST_INVALID",
        `Spark ${version}: give both or neither of pyVersion and containerVersion`,
      );
    return pyVersion === undefined ? `${version}-cpu` : `${version}-cpu-${pyVersion}-v${containerVersion}`;
  },
} as const satisfies Record<Framework, (options: ImageOptions) => string>;
