import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { FieldmarkError } from "@fieldmark/contract";
import { isReadyImageName, listImages, READY_IMAGES, removeAlias, setAlias } from "@fieldmark/service";
import { Command } from "commander";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { containersFolder, makeContext } from "../images/build-context.ts";
import { buildImage, countSteps } from "../images/build-image.ts";
import { findBuildSettings, type Machine } from "../images/build-settings.ts";
import { describeImages } from "../images/describe-images.ts";
import { findDockerClient } from "../images/docker-client.ts";
import { startProgress } from "../progress.ts";
import { type Flags, readSetting, settingOptions } from "../settings.ts";
import { fieldmarkVersion } from "../version.ts";

interface JsonFlags extends Flags {
  readonly json?: boolean;
}

/** `fieldmark images`: the images that jobs run in. */
export function imagesCommand(context: CliContext): Command {
  return new Command("images")
    .description("Container images of jobs: list and build the ready ones, let images stand in for others")
    .addCommand(listCommand(context))
    .addCommand(buildCommand(context))
    .addCommand(aliasCommand(context));
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description(
      "List the ready images, the aliases, and the rules for the images that SageMaker's SDKs name",
    )
    .option("--json", "print them as JSON on stdout");
  return settingOptions(command, ["data"]).action(async (flags: JsonFlags) => {
    const version = await fieldmarkVersion();
    const list = await listImages({
      dataFolder: readSetting("data", flags, context),
      env: context.env,
      version,
    });
    if (flags.json === true) return writeJson(context, list);
    writeLine(context.stdout, describeImages(list, { color: context.color, now: new Date() }));
  });
}

interface BuildFlags {
  readonly base?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

function buildCommand(context: CliContext): Command {
  return new Command("build")
    .description(
      "Build ready images. Certificates, mirrors and proxies of this machine are found and used; none of them stays in the image",
    )
    .argument("[name...]", `which: ${READY_IMAGES.join(", ")} (default: all)`)
    .option("--base <image>", "image to build on, any Debian (default: debian:bookworm-slim)")
    .option("--json", "print what was built as JSON on stdout")
    .option("--quiet", "no progress and no notes")
    .action(async (names: readonly string[], flags: BuildFlags) => {
      const built = await build(context, names.length === 0 ? READY_IMAGES : names, flags);
      if (flags.json === true) writeJson(context, { built });
      else
        for (const { reference, seconds } of built) writeLine(context.stdout, `${reference}  ${seconds} s`);
    });
}

interface Built {
  readonly name: string;
  readonly reference: string;
  readonly seconds: number;
}

async function build(
  context: CliContext,
  names: readonly string[],
  { base, quiet = false }: BuildFlags,
): Promise<readonly Built[]> {
  const unknown = names.find((name) => !isReadyImageName(name));
  if (unknown !== undefined)
    throw new FieldmarkError(
      "USAGE",
      `there is no ready image "${unknown}", expected ${READY_IMAGES.join(", ")}`,
    );
  const say = (line: string) => {
    if (!quiet) writeLine(context.stderr, line);
  };
  const machine = machineOf(context);
  const client = await findDockerClient(machine);
  const settings = await findBuildSettings(machine);
  const version = await fieldmarkVersion();
  const containers = await containersFolder();
  say(
    `building with ${client.program}${settings.found.length === 0 ? "" : `; taking along ${settings.found.join(", ")}`}`,
  );
  if (settings.hostNetwork)
    say("the builds use this machine's network: a mirror or proxy listens on a loopback address");
  const built: Built[] = [];
  for (const name of names) {
    context.signal.throwIfAborted();
    const started = performance.now();
    const total = await countSteps(join(containers, name, "Dockerfile"));
    const tags = [version, "latest"].map((tag) => `fieldmark/${name}:${tag}`);
    await using made = await makeContext(name, { containers, ask: machine.ask });
    const progress = startProgress(context, {
      title: `Building ${name}`,
      total,
      unit: "steps",
      quiet: quiet || !context.interactive,
    });
    try {
      await buildImage(
        { name, context: made.folder, tags, version, base: base ?? null },
        {
          client,
          settings,
          env: context.env,
          signal: context.signal,
          onBegin: (begun, instruction) => {
            if (!context.interactive) say(`${name} ${begun}/${total}: ${instruction.slice(0, 120)}`);
          },
          onDone: (done) => progress.update(done),
        },
      );
    } finally {
      progress.stop();
    }
    built.push({
      name,
      reference: `fieldmark/${name}:${version}`,
      seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    });
  }
  return built;
}

function aliasCommand(context: CliContext): Command {
  const command = new Command("alias")
    .description("Let an image stand in for all whose names match a pattern; it comes before the rules")
    .argument("<pattern>", "names of images; * is any text, ? one character")
    .argument("[image]", "the image that jobs then run in")
    .option("--remove", "remove the alias of this pattern")
    .option("--json", "print the alias as JSON on stdout");
  return settingOptions(command, ["data"]).action(
    async (pattern: string, image: string | undefined, flags: JsonFlags & { readonly remove?: boolean }) => {
      const data = readSetting("data", flags, context);
      if (flags.remove === true) {
        if (image !== undefined) throw new FieldmarkError("USAGE", "--remove takes the pattern alone");
        await removeAlias(data, pattern);
      } else {
        if (image === undefined)
          throw new FieldmarkError("USAGE", "the image is missing: PATTERN IMAGE, or PATTERN --remove");
        await setAlias(data, { pattern, image });
      }
      if (flags.json === true)
        writeJson(context, flags.remove === true ? { removed: pattern } : { pattern, image });
      else writeLine(context.stdout, flags.remove === true ? `${pattern}: removed` : `${pattern} → ${image}`);
    },
  );
}

/** Answers of programs may be long: a bundle's, a registry's. */
const ANSWER_BYTES = 64 * 2 ** 20;

function machineOf({ env, cwd, signal }: CliContext): Machine {
  return {
    env,
    read: async (path) => {
      const isThere = await access(path).then(
        () => true,
        () => false,
      );
      return isThere ? await readFile(path, "utf8") : null;
    },
    ask: async (program, words) => {
      try {
        const options = { env, cwd, signal, maxBuffer: ANSWER_BYTES };
        return (await promisify(execFile)(program, [...words], options)).stdout;
      } catch {
        signal.throwIfAborted();
        return null;
      }
    },
  };
}
