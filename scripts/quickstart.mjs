// npm run quickstart: the main job with embedded defaults, from nothing to a report.
import { build, install, ROOT, step } from "./steps.mjs";

const cli = `${ROOT}packages/cli/bin/fieldmark.js`;
const folder = "fieldmark-quickstart";

install();
build({ check: false });
step("Drawing the sample birds", process.execPath, [
  cli,
  "samples",
  "render",
  "--output",
  `${folder}/birds`,
  "--replace",
]);
step("Evaluating a TensorFlow SavedModel on them, without Python", process.execPath, [
  cli,
  "evaluate",
  ...["--model", "packages/samples/model/model.tar.gz"],
  ...["--images", `${folder}/birds/test`],
  ...["--annotations", `${folder}/birds/manifest/test.csv`],
  ...["--output", `${folder}/evaluation`],
]);
