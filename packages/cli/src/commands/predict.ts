import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { formatShape, loadModel, type Model, readNpy, type Tensor, writeNpy } from "@fieldmark/model";
import { Command } from "commander";
import { type CliContext, cacheFolder, writeJson, writeLine } from "../context.ts";
import { integer } from "../flags.ts";
import { startProgress } from "../progress.ts";
import { Words } from "../words.ts";

interface Flags {
  readonly model: string;
  readonly inputs: string;
  readonly out: string;
  readonly signature?: string;
  readonly batch: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const BATCH = 32;

/** `fieldmark predict`: raw tensors through a model. */
export function predictCommand(context: CliContext): Command {
  return new Command("predict")
    .description("Run raw tensors through a model, as .npy files; nothing is preprocessed")
    .requiredOption("--model <path>", "SavedModel folder or its archive (model.tar.gz)")
    .requiredOption("--inputs <npy>", "X.npy, or a folder of <input name>.npy where there are several inputs")
    .requiredOption("--out <npy>", "Y.npy, or a folder of <output name>.npy where there are several outputs")
    .option("--signature <name>", "signature to run (default: serving_default)")
    .option("--batch <n>", "rows a run", integer(1, 1_000_000), BATCH)
    .option("--threads <n>", "threads (default: one a processor)", integer(1, 1024))
    .option("--json", "print names, shapes and files of the outputs as JSON on stdout")
    .option("--quiet", "no progress and no notes")
    .action(async (flags: Flags) => await run(context, flags));
}

async function run(context: CliContext, flags: Flags): Promise<void> {
  const at = (path: string) => resolve(context.cwd, path);
  const words = new Words(context, flags);
  const folder = cacheFolder(context);
  await using model = await loadModel(at(flags.model), {
    ...(flags.signature === undefined ? {} : { signature: flags.signature }),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(folder === undefined ? {} : { cacheFolder: folder }),
    signal: context.signal,
  });
  for (const note of model.description.notes) words.note("model", note);
  const files = outputFiles(model, at(flags.out));
  const inputs = await readInputs(model, at(flags.inputs));
  const total = Object.values(inputs)[0]?.shape[0] ?? 1;
  const progress = startProgress(context, { title: "Predicting", total, unit: "rows", ...quiet(flags) });
  const outputs = await model
    .predict(inputs, {
      batch: flags.batch,
      signal: context.signal,
      onProgress: (rows) => progress.update(rows),
    })
    .finally(() => progress.stop());

  const written = [];
  for (const { name, file } of files) {
    const tensor = outputs[name];
    if (tensor === undefined) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeNpy(file, tensor);
    written.push({ name, file, dataType: tensor.dataType, shape: tensor.shape });
  }
  if (flags.json === true) return writeJson(context, { outputs: written });
  for (const { name, file, dataType, shape } of written) {
    writeLine(context.stdout, `${file}: ${name}, ${dataType} ${formatShape(shape)}`);
  }
}

function quiet({ quiet }: Flags): { readonly quiet?: boolean } {
  return quiet === undefined ? {} : { quiet };
}

/** A name as a file: "/" and whatever else a file name cannot hold is percent-encoded. */
function npyName(name: string): string {
  return `${encodeURIComponent(name)}.npy`;
}

async function readInputs(model: Model, path: string): Promise<Record<string, Tensor>> {
  const names = Object.keys(model.description.inputs);
  const [only] = names;
  if (!(await isFolder(path))) {
    if (only === undefined || names.length > 1) {
      throw new FieldmarkError(
        "MODEL_INPUT",
        `${path}: the model has the inputs ${names.join(", ")}, expected a folder with ${names.map(npyName).join(", ")}`,
      );
    }
    return { [only]: await readNpy(path) };
  }
  const present = new Set(await readdir(path));
  const missing = names.map(npyName).filter((file) => !present.has(file));
  if (missing.length > 0) {
    throw new FieldmarkError("MODEL_INPUT", `${path}: lacks ${missing.join(", ")}`, { folder: path });
  }
  const inputs: [string, Tensor][] = [];
  for (const name of names) inputs.push([name, await readNpy(join(path, npyName(name)))]);
  return Object.fromEntries(inputs);
}

/** Where each output goes: one file where there is one output and its name ends with .npy, else a folder. */
function outputFiles(
  { description }: Model,
  path: string,
): readonly { readonly name: string; readonly file: string }[] {
  const names = Object.keys(description.outputs);
  if (!path.endsWith(".npy")) return names.map((name) => ({ name, file: join(path, npyName(name)) }));
  const [only] = names;
  if (only !== undefined && names.length === 1) return [{ name: only, file: path }];
  throw new FieldmarkError(
    "USAGE",
    `--out ${path}: the model has the outputs ${names.join(", ")}; name a folder, without .npy at its end`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) return false; // readNpy tells what is wrong with it
    throw cause;
  }
}
