import { resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type EnvironmentRecord, Environments } from "@fieldmark/service";
import Table from "cli-table3";
import { Command } from "commander";
import { type CliContext, printable, writeJson, writeLine } from "../context.ts";
import { type Flags, readSetting, settingOptions } from "../settings.ts";

interface AddFlags extends Flags {
  readonly requirements?: string;
  readonly python?: string;
  readonly image: readonly string[];
  readonly json?: boolean;
}

/** `fieldmark environments`: what stands in for images. */
export function environmentsCommand(context: CliContext): Command {
  return new Command("environments")
    .description("Environments stand in for container images: add, list, remove them")
    .addCommand(addCommand(context))
    .addCommand(listCommand(context))
    .addCommand(removeCommand(context));
}

function addCommand(context: CliContext): Command {
  const command = new Command("add")
    .description(
      "Build a virtual environment, or use a Python that is there; sklearn and tensorflow bring requirements of their own",
    )
    .argument("<name>", "name of the environment; one of the same name is replaced")
    .option("--requirements <file>", "pip requirements to build a virtual environment from")
    .option("--python <path>", "an interpreter or virtual environment to use as it is")
    .option(
      "--image <pattern>",
      "image that it stands in for; * is any text, ? one character (may be repeated)",
      (pattern: string, before: readonly string[]) => [...before, pattern],
      [],
    )
    .option("--json", "print its record as JSON on stdout");
  return settingOptions(command, ["data"]).action(async (name: string, flags: AddFlags) => {
    if (flags.requirements !== undefined && flags.python !== undefined) {
      throw new FieldmarkError("USAGE", "--requirements and --python are given, expected one of them");
    }
    const record = await open(context, flags).add(
      {
        name,
        images: flags.image,
        ...(flags.requirements === undefined
          ? {}
          : { requirements: resolve(context.cwd, flags.requirements) }),
        ...(flags.python === undefined ? {} : { python: pythonPath(context, flags.python) }),
      },
      { signal: context.signal, onProgress: (line) => writeLine(context.stderr, printable(line)) },
    );
    if (flags.json === true) writeJson(context, record);
    else
      writeLine(
        context.stdout,
        `environment ${name}: Python ${record.interpreter.version}, ${describeSource(record)}`,
      );
  });
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("List the environments")
    .option("--json", "print them as JSON on stdout");
  return settingOptions(command, ["data"]).action(async (flags: Flags & { readonly json?: boolean }) => {
    const records = await open(context, flags).list();
    if (flags.json === true) return writeJson(context, { environments: records });
    if (records.length === 0) {
      return writeLine(
        context.stdout,
        "no environments yet; sklearn and tensorflow are built at the first job that needs them",
      );
    }
    const table = new Table({
      head: ["name", "python", "from", "images"],
      style: { head: context.color ? ["bold"] : [], border: context.color ? ["gray"] : [], compact: true },
    });
    for (const record of records) {
      table.push([record.name, record.interpreter.version, describeSource(record), record.images.join("\n")]);
    }
    writeLine(context.stdout, table.toString());
  });
}

function removeCommand(context: CliContext): Command {
  const command = new Command("remove")
    .description("Remove an environment; what jobs still use of it goes with the last of them")
    .argument("<name>", "name of the environment")
    .option("--json", "print what was removed as JSON on stdout");
  return settingOptions(command, ["data"]).action(
    async (name: string, flags: Flags & { readonly json?: boolean }) => {
      await open(context, flags).remove(name);
      if (flags.json === true) writeJson(context, { removed: name });
      else writeLine(context.stdout, `environment ${name}: removed`);
    },
  );
}

function open(context: CliContext, flags: Flags): Environments {
  return new Environments(readSetting("data", flags, context), { evaluator: null, env: context.env });
}

/** A name is looked up on PATH, as a shell would; a path is one from here. */
function pythonPath({ cwd }: CliContext, python: string): string {
  return /[/\\]/.test(python) ? resolve(cwd, python) : python;
}

function describeSource({ source }: EnvironmentRecord): string {
  if (source.kind === "python") return source.path;
  return source.kind === "requirements"
    ? `built from ${source.file}`
    : "built from Fieldmark's own requirements";
}
