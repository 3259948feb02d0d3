import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseImageName, withTag } from "./image-name.ts";
import { agree, compareVersions, IMAGE_RULES, READY_IMAGES, readyImageOf, ruleFor } from "./image-rules.ts";

const ecr = (repository: string) => `683313688378.dkr.ecr.us-east-1.amazonaws.com/${repository}`;

test.each([
  [ecr("sagemaker-scikit-learn:0.20.0-cpu-py3"), "sklearn", "0.20.0", false],
  [ecr("sagemaker-scikit-learn:1.2-1-cpu-py3"), "sklearn", "1.2", false],
  [ecr("tensorflow-training:2.8.0-cpu-py39"), "tensorflow", "2.8.0", false],
  [ecr("tensorflow-training:2.8.0-gpu-py39-cu112-ubuntu20.04-sagemaker"), "tensorflow", "2.8.0", true],
  [ecr("tensorflow-inference:2.8.0-cpu"), "tensorflow", "2.8.0", false],
  [ecr("sagemaker-tensorflow-scriptmode:1.15.2-cpu-py37"), "tensorflow", "1.15.2", false],
  [ecr("sagemaker-spark-processing:3.3-cpu-py39-v1.0"), "pyspark", "3.3", false],
  [ecr("sagemaker-spark-processing"), "pyspark", null, false],
  ["727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/tensorflow-training:2.9", "tensorflow", "2.9", false],
])("%s: %s %s", (image, name, version, gpu) => {
  expect(ruleFor(image)).toMatchObject({ rule: { image: name }, version, gpu, refusal: null });
});

test.each([
  "example.com/sagemaker-scikit-learn:0.20.0",
  "sagemaker-scikit-learn:0.20.0",
  ecr("mine:1"),
  ecr("a/sagemaker-scikit-learn:1"),
  ecr("constructor"),
])("no rule knows %s", (image) => expect(ruleFor(image)).toBeNull());

test("Spark 2 is refused with the reason, Spark 3 is not", () => {
  expect(ruleFor(ecr("sagemaker-spark-processing:2.4-cpu"))?.refusal).toMatch(
    /pyspark 2\.4: jars .* Scala 2\.11/,
  );
  expect(ruleFor(ecr("sagemaker-spark-processing:3.0-cpu"))?.refusal).toBeNull();
});

test("every URI that the SageMaker Python SDK makes falls under a rule", async () => {
  const golden = new URL("../../../sdk/golden/image-uris.json", import.meta.url);
  const uris = JSON.parse(await readFile(golden, "utf8")) as readonly { readonly uri: string }[];
  expect(uris.length).toBeGreaterThan(0);
  for (const { uri } of uris)
    expect([uri, ruleFor(uri)?.version]).toEqual([uri, expect.stringMatching(/^\d/)]);
});

test("no repository has two rules, and each rule's image has a folder in containers/", async () => {
  const repositories = IMAGE_RULES.flatMap((rule) => rule.repositories);
  expect(new Set(repositories).size).toBe(repositories.length);
  for (const name of READY_IMAGES) {
    const dockerfile = await readFile(
      new URL(`../../../../containers/${name}/Dockerfile`, import.meta.url),
      "utf8",
    );
    const label = /io\.fieldmark\.versions="(.*?[^\\])"/.exec(dockerfile)?.[1] ?? "";
    const versions = JSON.parse(label.replaceAll('\\"', '"')) as Readonly<Record<string, string>>;
    for (const rule of IMAGE_RULES.filter(({ image }) => image === name))
      expect(versions).toHaveProperty([rule.package], expect.stringMatching(/^\d+\.\d+/));
  }
});

test.each([["sklearn"], ["tensorflow"], ["pyspark"]])(
  "%s's label says the versions that its requirements pin",
  async (name) => {
    const read = async (file: string) =>
      await readFile(new URL(`../../../../containers/${name}/${file}`, import.meta.url), "utf8");
    const label = /io\.fieldmark\.versions="(.*?[^\\])"/.exec(await read("Dockerfile"))?.[1] ?? "";
    const pinned = new Map(
      [...(await read("requirements.txt")).matchAll(/^([\w.-]+)==([\w.]+)/gm)].map(([, each, version]) => [
        each,
        version,
      ]),
    );
    const versions = Object.entries(
      JSON.parse(label.replaceAll('\\"', '"')) as Readonly<Record<string, string>>,
    );
    for (const [each, version] of versions) {
      // TensorFlow's packages for CPUs have a name of their own; hadoop-aws comes from Maven
      const found = pinned.get(each) ?? pinned.get(`${each}-cpu`);
      if (each !== "hadoop-aws") expect([each, found]).toEqual([each, version]);
    }
  },
);

test.each([
  ["fieldmark/sklearn", { name: "sklearn", tag: null }],
  ["fieldmark/evaluator:0.1.0", { name: "evaluator", tag: "0.1.0" }],
  ["sklearn", { name: "sklearn", tag: null }],
  ["example.com/fieldmark/sklearn", null],
  ["someone/sklearn", null],
  ["debian", null],
])("%s is the ready image %o", (image, ready) => expect(readyImageOf(image)).toEqual(ready));

test.each([
  ["debian", { registry: "docker.io", repository: "library/debian", tag: null, digest: null }],
  ["a/b:1", { registry: "docker.io", repository: "a/b", tag: "1", digest: null }],
  ["localhost/b", { registry: "localhost", repository: "b", tag: null, digest: null }],
  ["127.0.0.1:5000/b/c:x", { registry: "127.0.0.1:5000", repository: "b/c", tag: "x", digest: null }],
  [
    `r.io/b:1@sha256:${"a".repeat(64)}`,
    { registry: "r.io", repository: "b", tag: "1", digest: `sha256:${"a".repeat(64)}` },
  ],
])("%s is taken apart as Docker does it", (image, name) => expect(parseImageName(image)).toEqual(name));

test("a tag is added where none is said", () => {
  expect(withTag("127.0.0.1:5000/b")).toBe("127.0.0.1:5000/b:latest");
  expect(withTag("b:1")).toBe("b:1");
  expect(withTag(`b@sha256:${"a".repeat(64)}`)).toBe(`b@sha256:${"a".repeat(64)}`);
});

test.each([
  ["2.8.0", "2.8", true],
  ["1.2", "1.2.2", true],
  ["2.8.0", "2.15.1", false],
  ["3", "3.5.9", true],
  ["0.20.0", "1.6.1", false],
])("%s and %s agree: %s", (asked, found, same) => {
  expect(agree(asked, found)).toBe(same);
  expect(agree(found, asked)).toBe(same);
});

test("versions are ordered by number, whatever their length", () => {
  const version = fc.array(fc.nat(200), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
      expect(compareVersions(a, `${a}.0`)).toBe(0);
      expect(compareVersions(`${a}.1`, a)).toBeGreaterThan(0);
    }),
  );
});
