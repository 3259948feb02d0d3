import { expect, test } from "vitest";
import { builtInFor, isEvaluatorImage, matchesImage } from "./images.ts";

test.each([
  ["683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3", "sklearn"],
  ["763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.8.0-cpu-py39", "tensorflow"],
  ["763104351884.dkr.ecr.eu-central-1.amazonaws.com/tensorflow-inference:2.8.0-cpu", "tensorflow"],
  ["727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/tensorflow-training:2.8.0-cpu-py39", "tensorflow"],
  ["173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.3-cpu", null],
  ["example.com/tensorflow-training:1", null],
  ["123456789012.dkr.ecr.us-east-1.amazonaws.com/constructor", null],
])("%s stands for %s, as the SageMaker SDK names it", (image, name) => expect(builtInFor(image)).toBe(name));

test.each([
  ["*", "anything:1", true],
  ["a/*:1?", "a/b/c:12", true],
  ["a/*:1?", "a/b/c:1", false],
  ["*spark*", "x/sagemaker-spark-processing:3.3", true],
  ["a", "ab", false],
  ["", "", true],
])("pattern %s on %s: %s", (pattern, image, matches) => expect(matchesImage(pattern, image)).toBe(matches));

test("the evaluator's image has any tag", () => {
  expect(isEvaluatorImage("fieldmark/evaluator:2")).toBe(true);
  expect(isEvaluatorImage("fieldmark/evaluator-x")).toBe(false);
});
