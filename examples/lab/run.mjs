// node examples/lab/run.mjs: the whole lab as processing jobs: prepare, train, evaluate twice, compare, gate.
// Exit codes: 0 done, 1 failed or the two evaluations differ, 2 wrong words, 3 the gate is not met, 130 interrupted.
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { jobName, upload } from "@fieldmark/sdk";
import { drawCubTree } from "./cub-tree.mjs";
import { evaluateWithFieldmark, evaluateWithTensorFlow, prepare, train } from "./jobs.mjs";
import { describe, differences, gate } from "./review.mjs";
import { openService } from "./service.mjs";

const HELP = `node examples/lab/run.mjs [options]

  --cub <folder>          a tree of CUB-200-2011 (default: sample birds, drawn for this)
  --per-class <n>         sample birds of each species (default: 200)
  --classes <ids>         classes to keep, e.g. 13,17,35 (default: the lab's eight)
  --base-weights <file>   weights of MobileNetV2 without its top, by Keras (default: random ones)
  --alpha <a>             width of the network (default: 0.35)
  --size <pixels>         height and width of its input (default: 64)
  --epochs <n>            default: 30
  --min-accuracy <a>      what the gate asks (default: 0.7)
  --runtime <name>        auto, process or docker: of the service that is started (default: auto)
  --output <folder>       pictures and data of that service (default: fieldmark-lab)

AWS_ENDPOINT_URL, as \`fieldmark env\` sets it, names a service that runs already.`;

const say = (text) => console.error(text);
// the AWS SDK's own notice of the Node versions that it will leave
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** The words of the command line, or null with a line that says what is wrong with them. */
function readWords() {
  const text = { type: "string" };
  const names = ["cub", "per-class", "classes", "base-weights", "alpha", "size", "epochs"];
  try {
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(names.map((name) => [name, text])),
        "min-accuracy": { ...text, default: "0.7" },
        runtime: { ...text, default: "auto" },
        output: { ...text, default: "fieldmark-lab" },
        help: { type: "boolean", default: false },
      },
    });
    const [perClass, minAccuracy] = [Number(values["per-class"] ?? 200), Number(values["min-accuracy"])];
    if (!(minAccuracy >= 0 && minAccuracy <= 1))
      throw new Error(`--min-accuracy is "${values["min-accuracy"]}", expected a number from 0 to 1`);
    // A class needs five pictures for each of its splits to have one.
    if (!(Number.isInteger(perClass) && perClass >= 5))
      throw new Error(`--per-class is "${values["per-class"]}", expected an integer of at least 5`);
    return { ...values, perClass, minAccuracy };
  } catch (error) {
    say(`${error.message}\n\n${HELP}`);
    return null;
  }
}

/** The tree to prepare: the one that is given, or sample birds. */
async function treeOf({ cub, perClass, output }, signal) {
  if (cub !== undefined) return resolve(cub);
  const tree = resolve(output, "CUB_birds");
  say(`\n▸ Drawing ${perClass} sample birds of each species as a tree of CUB-200-2011`);
  const { images, classes } = await drawCubTree(tree, { perClass, seed: 1, signal });
  say(`  ${images} pictures of ${classes.length} species in ${tree}`);
  return tree;
}

async function weightsOf({ "base-weights": file }, { session, prefix, signal }) {
  if (file === undefined) return null;
  const uri = await upload(session, { from: file, to: `${prefix}/weights` }, { signal });
  return { uri, name: basename(file) };
}

/** Starts a job, prints its lines, waits for its end; the job and how long its program ran. */
async function finished(title, start, { signal }) {
  say(`\n▸ ${title}`);
  const job = await start();
  say(`  job ${job.name}`);
  try {
    await job.wait({ logs: ({ message }) => say(`  ${message}`), signal });
  } catch (error) {
    if (signal.aborted) await job.stop();
    throw error;
  }
  const running = (await job.phases()).find(({ phase }) => phase === "running");
  return { job, seconds: running?.seconds ?? Number.NaN };
}

async function runLab(words, signal) {
  const cub = await treeOf(words, signal);
  const dataFolder = join(resolve(words.output), "data");
  const service = await openService({ dataFolder, runtime: words.runtime, env: process.env, say });
  try {
    const { session } = service;
    const prefix = `s3://${await session.defaultBucket(signal)}/${jobName("lab", new Date())}`;
    const lab = { session, prefix, signal };
    const tree = await upload(session, { from: cub, to: `${prefix}/cub` }, { signal });
    say(`  everything of this run: ${prefix}`);

    const classes = words.classes?.split(",");
    await finished(
      "Preparing with the scikit-learn image",
      async () => await prepare(lab, { cub: tree, classes }),
      lab,
    );
    const weights = await weightsOf(words, lab);
    const passed = ["alpha", "size", "epochs"].filter((name) => words[name] !== undefined);
    const training = passed.flatMap((name) => [`--${name}`, words[name]]);
    await finished(
      "Training with the TensorFlow image",
      async () => await train(lab, { words: training, weights }),
      lab,
    );
    const python = await finished(
      "Evaluating with TensorFlow and a Python script",
      async () => await evaluateWithTensorFlow(lab),
      lab,
    );
    const native = await finished(
      "Evaluating with Fieldmark's evaluator",
      async () => await evaluateWithFieldmark(lab),
      lab,
    );
    return await reviewed({ python, native }, words.minAccuracy, signal);
  } finally {
    await service.close();
  }
}

/** Prints what came out; the exit code. */
async function reviewed({ python, native }, minAccuracy, signal) {
  const [theirs, ours] = await Promise.all([python.job.report(signal), native.job.report(signal)]);
  console.log(`\n${describe(ours.evaluation).join("\n")}`);
  console.log(`\nevaluation.json  ${ours.uri}/evaluation.json`);
  console.log(`Report           ${ours.uri}/report.html`);
  console.log(`TensorFlow ran ${python.seconds.toFixed(1)} s, Fieldmark ${native.seconds.toFixed(1)} s`);
  const found = differences(theirs.evaluation, ours.evaluation);
  if (found.length > 0) {
    say(`\n✗ The two evaluations differ (TensorFlow's value first):\n  ${found.join("\n  ")}`);
    return 1;
  }
  console.log("Both evaluations agree: every count, every measure to the last digit");
  const { accuracy, passed } = gate(ours.evaluation, minAccuracy);
  console.log(`Gate: accuracy ${accuracy} ${passed ? "≥" : "is not ≥"} ${minAccuracy}`);
  return passed ? 0 : 3;
}

const words = readWords();
if (words === null) process.exitCode = 2;
else if (words.help) console.log(HELP);
else {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupt.abort());
  try {
    process.exitCode = await runLab(words, interrupt.signal);
  } catch (error) {
    const { aborted } = interrupt.signal;
    say(`\n✗ ${error.message}${aborted || error.hint === undefined ? "" : `\n  ${error.hint}`}`);
    process.exitCode = aborted ? 130 : 1;
  }
}
