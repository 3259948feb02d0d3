import { resolve } from "node:path";
import { formatShape, loadModel, type Model, type ModelDescription } from "@fieldmark/model";
import { Command } from "commander";
import pc from "picocolors";
import { type CliContext, cacheFolder, writeJson, writeLine } from "../context.ts";
import { Words } from "../words.ts";

interface Flags {
  readonly signature?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `fieldmark model`: what a model file holds. */
export function modelCommand(context: CliContext): Command {
  const show = new Command("show")
    .description("Show signatures, inputs, outputs, ops, class scores and preprocessing of a model")
    .argument("<path>", "SavedModel folder or its archive (model.tar.gz)")
    .option("--signature <name>", "signature to look at (default: serving_default)")
    .option("--json", "print everything as JSON on stdout")
    .option("--quiet", "no notes")
    .action(async (path: string, flags: Flags) => await run(context, path, flags));
  return new Command("model").description("Show what a model file holds").addCommand(show);
}

async function run(context: CliContext, path: string, flags: Flags): Promise<void> {
  const words = new Words(context, flags);
  const folder = cacheFolder(context);
  await using model = await loadModel(resolve(context.cwd, path), {
    ...(flags.signature === undefined ? {} : { signature: flags.signature }),
    ...(folder === undefined ? {} : { cacheFolder: folder }),
    signal: context.signal,
    onProgress: (step) => {
      if (step === "read") words.note("import", "reading the model for the first time");
    },
  });
  for (const note of model.description.notes) words.note("model", note);
  if (flags.json === true) {
    const { description, cached, pictureInput } = model;
    writeJson(context, { ...description, pictureInput, cached });
  } else {
    writeLine(context.stdout, describe(model, context));
  }
}

function describe({ description, cached }: Model, context: CliContext): string {
  const { path, format, producer, digest, signatures, parameters, opCounts } = description;
  const { bold } = pc.createColors(context.color);
  const lines: [string, string][] = [
    ["model", path],
    ["format", `${format}, written by ${producer}`],
    ["digest", digest],
    ["import", cached ? "from the cache" : "made now and kept"],
    ["signature", description.signature],
    ...others(signatures, description.signature),
    ...Object.entries(description.inputs).map(([name, { dataType, shape }]): [string, string] => [
      "input",
      `${name}: ${dataType} ${formatShape(shape)}`,
    ]),
    ...Object.entries(description.outputs).map(([name, { dataType, shape }]): [string, string] => [
      "output",
      `${name}: ${dataType} ${formatShape(shape)}`,
    ]),
    ...classScores(description),
    ["preprocessing", preprocessing(description)],
    ["parameters", parameters.toLocaleString("en-US")],
    ["ops", wrap(Object.entries(opCounts).map(([op, count]) => `${op} ${count}`))],
  ];
  return lines.map(([label, text]) => `${bold(label.padEnd(LABEL))} ${text}`).join("\n");
}

const LABEL = 13;
const LINE = 110;

function others(signatures: ModelDescription["signatures"], shown: string): [string, string][] {
  const names = signatures.map(({ name }) => name).filter((name) => name !== shown);
  return names.length === 0 ? [] : [["signatures", `also ${names.join(", ")}`]];
}

function classScores({ classOutputs, classNames }: ModelDescription): [string, string][] {
  const lines = classOutputs.map((one): [string, string] => [
    "class scores",
    one.found
      ? `${one.name}: ${one.classes} classes, ${one.kind} (${one.reason})`
      : `not ${one.name}: ${one.reason}`,
  ]);
  return classNames === null ? lines : [...lines, ["class names", wrap(classNames)]];
}

function preprocessing({ preprocessing: recognised, preprocessingFile }: ModelDescription): string {
  if (preprocessingFile !== null) return `stated by ${preprocessingFile.path} in the model`;
  return recognised === null ? "not recognised" : `${recognised.name}: ${recognised.reason}`;
}

/** Words in lines of a readable length, indented below the label. */
function wrap(words: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && LABEL + line.length + word.length > LINE) {
      lines.push(`${line},`);
      line = "";
    }
    line = line === "" ? word : `${line}, ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(LABEL + 1)}`);
}
