// npm run quickstart: the main job with embedded defaults, from nothing to a report. Starts the service, puts sample
// birds into its store, evaluates a model on them as a processing job through the SDK, and stops everything.
import { build, install, ROOT, step } from "./steps.mjs";

const cli = `${ROOT}packages/cli/bin/fieldmark.js`;
const folder = `${ROOT}fieldmark-quickstart`;

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

// the AWS SDK's own notice of the Node versions that it will leave
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
const [{ sampleModelPath }, { EvaluationProcessor, Session, upload }, { startService }] = await Promise.all([
  import("@fieldmark/samples"),
  import("@fieldmark/sdk"),
  import("@fieldmark/service"),
]);

const interrupt = new AbortController();
const { signal } = interrupt;
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupt.abort());

const data = `${folder}/data`;
const say = (text) => console.error(text);

say("\n▸ Evaluating a TensorFlow SavedModel on them as a processing job, without Python");
const service = await startService({
  dataFolder: data,
  listen: { host: "127.0.0.1", port: 0 },
  runtime: "process",
  maxInstances: 1,
  retentionDays: 90,
  region: "us-east-1",
  env: process.env,
  evaluatorScript: cli,
  log: say,
});
const session = new Session({ endpoint: service.url, credentials: service.keys });
const started = performance.now();
let job;
try {
  say(`  service on ${service.url}, data in ${data}`);
  const birds = `s3://${await session.defaultBucket(signal)}/birds`;
  await upload(session, { from: `${folder}/birds`, to: birds }, { signal });
  const model = await upload(session, { from: sampleModelPath(), to: `${birds}/model` }, { signal });
  say(`  pictures, labels and model in ${birds}`);
  job = await new EvaluationProcessor({ session }).run({
    model,
    images: `${birds}/test`,
    annotations: `${birds}/manifest/test.csv`,
    signal,
  });
  say(`  job ${job.name}\n`);
  await job.wait({ logs: true, signal });
  const { uri } = await job.report(signal);
  say(`\n  the service, the job and this table: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  console.log(`\nReport  ${uri.replace("s3://", `${data}/buckets/`)}/report.html`);
} catch (error) {
  if (signal.aborted) await job?.stop();
  say(`\n✗ ${error.message}`);
  process.exitCode = signal.aborted ? 130 : 1;
} finally {
  session[Symbol.dispose]();
  await service.close();
}
