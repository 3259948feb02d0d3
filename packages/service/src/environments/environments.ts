import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type BuildOptions, buildEnvironment, finishBuild, removeUnfinished } from "./build-environment.ts";
import type { Environment, EnvironmentRecord, EvaluatorProgram } from "./environment.ts";
import {
  checkName,
  environmentsFolder,
  readRecord,
  readRecords,
  removeRecord,
  writeRecord,
} from "./environment-records.ts";
import { builtInFor, EVALUATOR_IMAGE, isEvaluatorImage, matchesImage } from "./images.ts";
import { askInterpreter } from "./interpreter.ts";
import { BUILT_IN_REQUIREMENTS, type BuiltInName, isBuiltInName } from "./requirements.ts";

/** What `fieldmark environments add` is told. Neither file nor path: the requirements that Fieldmark has for the name. */
export interface NewEnvironment {
  readonly name: string;
  readonly images: readonly string[];
  readonly requirements?: string;
  readonly python?: string;
}

/**
 * The environments of a data folder: what stands in for images. Several processes may use one folder: records are replaced
 * whole, and each build has a folder of its own.
 */
export class Environments {
  readonly #dataFolder: string;
  readonly #evaluator: EvaluatorProgram | null;
  readonly #env: BuildOptions["env"];
  /** Builds under way, by name: jobs that need the same one wait for it. */
  readonly #builds = new Map<string, Promise<EnvironmentRecord>>();

  constructor(
    dataFolder: string,
    { evaluator, env }: { readonly evaluator: EvaluatorProgram | null; readonly env: BuildOptions["env"] },
  ) {
    this.#dataFolder = resolve(dataFolder);
    this.#evaluator = evaluator;
    this.#env = env;
  }

  async list(): Promise<readonly EnvironmentRecord[]> {
    return await readRecords(this.#dataFolder);
  }

  /**
   * Makes or replaces an environment.
   * @throws USAGE, FILE_NOT_FOUND, PYTHON_UNUSABLE, IMAGE_FAILED
   */
  async add(wanted: NewEnvironment, options: Omit<BuildOptions, "env">): Promise<EnvironmentRecord> {
    checkName(wanted.name);
    const record = await this.#make(wanted, options);
    await writeRecord(this.#dataFolder, record);
    if (record.folder !== null) await finishBuild(record.folder);
    await this.removeUnused();
    return record;
  }

  /** @throws ENVIRONMENT_UNKNOWN */
  async remove(name: string): Promise<void> {
    checkName(name);
    if ((await readRecord(this.#dataFolder, name)) === null) {
      throw new FieldmarkError(
        "ENVIRONMENT_UNKNOWN",
        `there is no environment ${name} in ${this.#dataFolder}`,
      );
    }
    await removeRecord(this.#dataFolder, name);
    await this.removeUnused();
  }

  /** Removes what was built and is named by no record and used by no job. */
  async removeUnused(): Promise<void> {
    await removeUnfinished(this.#dataFolder, async () => {
      const records = await this.list();
      const keep = new Set(records.flatMap(({ folder }) => (folder === null ? [] : [folder])));
      const jobs = join(this.#dataFolder, "jobs");
      for (const job of await readdir(jobs).catch(() => [])) {
        keep.add((await readFile(join(jobs, job, "environment"), "utf8").catch(() => "")).trim());
      }
      return keep;
    });
  }

  /** Called when a job that used the environment at `prefix` is removed: one that was replaced or removed goes with its last job. */
  async release(prefix: string): Promise<void> {
    if (!prefix.startsWith(join(environmentsFolder(this.#dataFolder), sep))) return;
    const record = await readRecord(this.#dataFolder, basename(dirname(prefix)));
    if (record?.folder !== prefix) await this.removeUnused();
  }

  /**
   * What the image stands for, built first where it must be.
   * @throws IMAGE_UNKNOWN with the command that adds it; IMAGE_FAILED with the reason; the signal's reason
   */
  async ready(image: string, options: Omit<BuildOptions, "env">): Promise<Environment> {
    const records = await this.list();
    const added =
      records.find(({ images }) => images.some((pattern) => matchesImage(pattern, image))) ??
      records.find(({ name }) => image === name || image.startsWith(`${name}:`));
    if (added !== undefined && !this.#isOutdated(added)) return asEnvironment(added);
    if (isEvaluatorImage(image)) return this.#evaluatorEnvironment();
    const name =
      (added !== undefined && isBuiltInName(added.name) ? added.name : null) ??
      builtInFor(image) ??
      bareName(image);
    if (name === null) throw unknownImage(image, this.#dataFolder);
    const record = records.find((candidate) => candidate.name === name);
    if (record !== undefined && !this.#isOutdated(record)) return asEnvironment(record);
    return asEnvironment(await this.#build(name, record?.images ?? [], options));
  }

  #isOutdated({ name, source }: EnvironmentRecord): boolean {
    return source.kind === "built-in" && isBuiltInName(name) && source.digest !== digestOf(name);
  }

  #evaluatorEnvironment(): Environment {
    if (this.#evaluator === null) {
      throw new FieldmarkError(
        "IMAGE_FAILED",
        `the environment of ${EVALUATOR_IMAGE} needs the command line of Fieldmark, which this service was started without`,
      );
    }
    return { kind: "evaluator", name: EVALUATOR_IMAGE, program: this.#evaluator };
  }

  /** One build a name at a time; who comes later waits for it, and tries for itself when it was called off. */
  async #build(
    name: BuiltInName,
    images: readonly string[],
    options: Omit<BuildOptions, "env">,
  ): Promise<EnvironmentRecord> {
    const running = this.#builds.get(name);
    if (running !== undefined) {
      options.onProgress(`environment ${name}: another job is building it; waiting`);
      // a build that was called off says nothing about the next; one that failed would fail again
      const calledOff = (error: unknown) => {
        if (error instanceof FieldmarkError) throw error;
        return null;
      };
      const record = await raceSignal(running.catch(calledOff), options.signal);
      if (record !== null) return record;
      return (await readRecord(this.#dataFolder, name)) ?? (await this.#build(name, images, options));
    }
    const build = this.add({ name, images }, options).finally(() => this.#builds.delete(name));
    this.#builds.set(name, build);
    return await build;
  }

  async #make(
    { name, images, requirements, python }: NewEnvironment,
    options: Omit<BuildOptions, "env">,
  ): Promise<EnvironmentRecord> {
    const build = { ...options, env: this.#env };
    const common = { name, images, addedAt: new Date().toISOString() };
    if (python !== undefined) {
      const interpreter = await askInterpreter(python, build);
      return { ...common, source: { kind: "python", path: python }, interpreter, folder: null };
    }
    if (requirements !== undefined) {
      const file = resolve(requirements);
      await readFile(file).catch((error: unknown) => {
        throw new FieldmarkError("FILE_NOT_FOUND", `${file}: it cannot be read`, { file }, error);
      });
      const built = await buildEnvironment(this.#dataFolder, name, { file }, build);
      return { ...common, source: { kind: "requirements", file }, ...built };
    }
    if (!isBuiltInName(name)) {
      throw new FieldmarkError(
        "USAGE",
        `environment ${name}: give --requirements FILE or --python PATH (only ${Object.keys(BUILT_IN_REQUIREMENTS).join(" and ")} bring requirements of their own)`,
      );
    }
    const built = await buildEnvironment(
      this.#dataFolder,
      name,
      { lines: BUILT_IN_REQUIREMENTS[name] },
      build,
    );
    return { ...common, source: { kind: "built-in", digest: digestOf(name) }, ...built };
  }
}

function asEnvironment({ name, interpreter, source }: EnvironmentRecord): Environment {
  // where Keras 3 is TensorFlow's default, Keras 2 reads the SavedModels that training jobs leave
  const legacy = source.kind === "built-in" && name === "tensorflow";
  return { kind: "python", name, interpreter, variables: legacy ? { TF_USE_LEGACY_KERAS: "1" } : {} };
}

function bareName(image: string): BuiltInName | null {
  const [name = ""] = image.split(":");
  return isBuiltInName(name) ? name : null;
}

function digestOf(name: BuiltInName): string {
  return createHash("sha256").update(BUILT_IN_REQUIREMENTS[name].join("\n")).digest("hex");
}

/** As a shell reads it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function unknownImage(image: string, dataFolder: string): FieldmarkError {
  return new FieldmarkError(
    "IMAGE_UNKNOWN",
    `no environment stands in for the image ${image}: add one with \`fieldmark environments add NAME --requirements FILE --image ${quoted(image)} --data ${quoted(dataFolder)}\` ` +
      `(or --python PATH instead of --requirements), or use ${EVALUATOR_IMAGE}`,
    { image },
  );
}

async function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolvePromise, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolvePromise, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
