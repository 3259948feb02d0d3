// The lab's four jobs, by the TypeScript SDK. Each function starts one and returns it.
import { fileURLToPath } from "node:url";
import { EvaluationProcessor, FrameworkProcessor, SKLearnProcessor } from "@fieldmark/sdk";

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const PROCESSING = "/opt/ml/processing";
const output = (outputName, source, destination) => ({ outputName, source, destination });
const input = (inputName, source, destination) => ({ inputName, source, destination });

/** @typedef {{ session: import("@fieldmark/sdk").Session, prefix: string, signal: AbortSignal }} Lab `prefix` is where all of a run lies: s3://… */

/** Splits the tree of CUB-200-2011 and writes pictures and manifests to `<prefix>/prepared`. */
export async function prepare({ session, prefix, signal }, { cub, classes }) {
  const processor = new SKLearnProcessor({
    session,
    frameworkVersion: "0.20.0",
    baseJobName: "lab-preparation",
  });
  return await processor.run({
    code: script("preprocessing.py"),
    ...(classes === undefined ? {} : { arguments: ["--classes", ...classes] }),
    inputs: [input("cub", cub, `${PROCESSING}/input`)],
    outputs: ["train", "valid", "test", "manifest"].map((name) =>
      output(name, `${PROCESSING}/output/${name}`, `${prefix}/prepared/${name}`),
    ),
    signal,
  });
}

/** Trains and writes `<prefix>/model/model.tar.gz`. The pictures of the test split are no input. */
export async function train({ session, prefix, signal }, { words, weights }) {
  const processor = tensorflow(session, "lab-training");
  const given = [
    ...words,
    ...(weights === null ? [] : ["--base-weights", `${PROCESSING}/weights/${weights.name}`]),
  ];
  return await processor.run({
    code: script("training.py"),
    // SageMaker takes no empty list.
    ...(given.length === 0 ? {} : { arguments: given }),
    inputs: [
      ...["train", "valid", "manifest"].map((name) =>
        input(name, `${prefix}/prepared/${name}`, `${PROCESSING}/input/${name}`),
      ),
      ...(weights === null ? [] : [input("weights", weights.uri, `${PROCESSING}/weights`)]),
    ],
    outputs: [output("model", `${PROCESSING}/model`, `${prefix}/model`)],
    signal,
  });
}

/** The lab's own way: a Python script, TensorFlow. */
export async function evaluateWithTensorFlow({ session, prefix, signal }) {
  const processor = tensorflow(session, "lab-tensorflow");
  return await processor.run({
    code: script("evaluation.py"),
    arguments: ["--model-file", "model.tar.gz"],
    inputs: [
      input("test", `${prefix}/prepared/test`, `${PROCESSING}/input/test`),
      input("manifest", `${prefix}/prepared/manifest`, `${PROCESSING}/input/manifest`),
      input("model", `${prefix}/model`, `${PROCESSING}/model`),
    ],
    outputs: [output("evaluation", `${PROCESSING}/evaluation`, `${prefix}/outputs/tensorflow`)],
    signal,
  });
}

/** The built-in evaluator: no script, no Python. `--profile lab` writes the lab's keys and no more. */
export async function evaluateWithFieldmark({ session, prefix, signal }) {
  return await new EvaluationProcessor({ session, baseJobName: "lab-fieldmark" }).run({
    model: `${prefix}/model/model.tar.gz`,
    images: `${prefix}/prepared/test`,
    annotations: `${prefix}/prepared/manifest/test.csv`,
    arguments: ["--profile", "lab"],
    destination: `${prefix}/outputs/fieldmark`,
    signal,
  });
}

/** AWS's image of TensorFlow 2.8, which a service maps to its own. */
function tensorflow(session, baseJobName) {
  return new FrameworkProcessor({
    session,
    framework: "tensorflow",
    frameworkVersion: "2.8.0",
    pyVersion: "py39",
    command: ["python3"],
    baseJobName,
  });
}
