import { access as accessFile, chmod, constants, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CONTAINER_PREFIX_VARIABLE, FieldmarkError } from "@fieldmark/contract";
import type { Environment } from "../../environments/environment.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import type { JobAccess } from "../runtime.ts";
import type { InstanceGroups } from "./cgroups.ts";
import { dropRoot } from "./drop-root.ts";
import type { Fifos } from "./fifos.ts";
import type { HostView } from "./host-view.ts";
import { giveTree, type Owner, writeEtc } from "./instance-folders.ts";
import {
  environmentPath,
  INSIDE,
  instanceSandbox,
  makeMountPoints,
  shownForEnvironment,
} from "./instance-sandbox.ts";
import type { InstanceFiles } from "./job-files.ts";
import { prefixCommand, prefixPath, rewriteWords } from "./prefix.ts";
import { programScript } from "./program.ts";
import { credentialsFile, programEnvironment } from "./program-environment.ts";
import { writePythonLayer } from "./python-layer.ts";
import { type Recipe, type Recipes, sandboxCommand } from "./recipes.ts";
import { quoteAll } from "./shell.ts";
import { type InstanceLaunch, NO_EXIT } from "./supervisor.ts";

export interface InstanceToPrepare {
  readonly plan: RunPlan;
  readonly host: string;
  readonly words: readonly string[];
  readonly environment: Environment;
  readonly slot: number;
  readonly owner: Owner;
  readonly access: JobAccess | null;
  readonly recipes: Recipes;
  readonly files: InstanceFiles;
  readonly view: HostView;
  /** of `jobSettings` */
  readonly settings: Readonly<Record<string, string>>;
  readonly fifos: Fifos;
  readonly logsFolder: string;
  /** A control group bounds the memory of all its processes together. */
  readonly boundsMemory: boolean;
  readonly groups: InstanceGroups;
}

/** Writes all that one instance needs before its start, and says how its supervisor runs it. */
export async function prepareInstance(instance: InstanceToPrepare): Promise<InstanceLaunch> {
  const { plan, host, files, recipes } = instance;
  await Promise.all([writeFile(files.exit, NO_EXIT), instance.fifos.place(files.out)]);
  const index = plan.hosts.indexOf(host);
  const command =
    recipes.best === null ? await prepareWithPrefix(instance) : await prepareSandbox(instance, recipes.best);
  return {
    host,
    command,
    log: logFile(instance.logsFolder, plan.logStreams[index] ?? `${plan.jobName}/${host}`),
    groups: instance.groups,
    sandboxed: recipes.best !== null,
  };
}

async function prepareSandbox(instance: InstanceToPrepare, recipe: Recipe): Promise<string> {
  const { plan, host, files, environment, owner, recipes } = instance;
  const settings = settingsOf(instance);
  await writePlaces(instance, {
    settings,
    at: INSIDE,
    path: environmentPath(environment),
    words: instance.words,
    more: {},
    pidFile: null,
  });
  const tools = await shownForEnvironment(environment);
  const sandbox = await instanceSandbox({
    plan,
    host,
    files,
    ...owner,
    overlay: !recipe.root && recipe.overlay,
    ownNetwork: plan.networkIsolation && plan.hosts.length === 1,
    view: instance.view,
    shown: tools,
    environment,
  });
  await makeMountPoints(sandbox);
  const { command, files: texts } = sandboxCommand(recipe, sandbox, { base: files.folder, ip: recipes.ip });
  for (const [name, text] of Object.entries(texts)) await writeFile(join(files.folder, name), text);
  return command;
}

/** Without namespaces: the program runs as it is, with /opt/ml elsewhere. */
async function prepareWithPrefix(instance: InstanceToPrepare): Promise<string> {
  const { environment, files, owner } = instance;
  const at = {
    home: files.home,
    work: files.work,
    temporary: files.tmp,
    credentials: join(files.run, "credentials"),
    python: files.python,
  };
  await writePlaces(instance, {
    settings: settingsOf(instance),
    at,
    path: prefixPath(environment, files),
    words: rewriteWords(instance.words, files.ml),
    more: { [CONTAINER_PREFIX_VARIABLE]: files.ml },
    pidFile: files.pid,
  });
  if (process.getuid?.() !== 0) return prefixCommand(files, []);
  await checkReach(files);
  return prefixCommand(files, dropRoot(owner));
}

/** An isolated job has no use for pip's. */
function settingsOf({ plan, settings }: InstanceToPrepare): Readonly<Record<string, string>> {
  if (!plan.networkIsolation) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !name.startsWith("PIP_")));
}

async function writePlaces(
  { plan, host, environment, files, owner, slot, access, boundsMemory }: InstanceToPrepare,
  {
    settings,
    at,
    path,
    words,
    more,
    pidFile,
  }: {
    readonly settings: Readonly<Record<string, string>>;
    readonly at: {
      readonly home: string;
      readonly work: string;
      readonly temporary?: string;
      readonly credentials: string;
      readonly python: string;
    };
    readonly path: readonly string[];
    readonly words: readonly string[];
    readonly more: Readonly<Record<string, string>>;
    readonly pidFile: string | null;
  },
): Promise<void> {
  const places = { home: at.home, temporary: at.temporary ?? "/tmp", credentials: at.credentials };
  const variables = { ...(environment.kind === "python" ? environment.variables : {}), ...more };
  const program = programScript({
    words,
    environment: programEnvironment(plan, { path, places, access, settings, variables }),
    workingFolder: at.work,
    limits: plan.limits,
    boundData: !boundsMemory,
    background: plan.hosts.length > 1,
    pidFile,
  });
  await Promise.all([
    writeFile(join(files.run, "program"), program, { mode: 0o400 }),
    access === null
      ? null
      : writeFile(join(files.run, "credentials"), credentialsFile(access), { mode: 0o400 }),
    writeEtc(plan, host, { folder: files.etc, slot, owner }),
    environment.kind === "python"
      ? writePythonLayer(files.python, at.python, environment.interpreter)
      : writeCommand(instanceCommand(environment, at), files),
  ]);
  if (process.getuid?.() !== 0) return;
  const given = [files.run, files.etc, ...(environment.kind === "python" ? [files.python] : [])];
  for (const folder of given) await giveTree(folder, owner);
}

/** Node and the file that the command `fieldmark` runs: at the sandbox's places, or where they are. */
function instanceCommand(
  { program }: Environment & { kind: "evaluator" },
  { python }: { readonly python: string },
): readonly string[] {
  return python === INSIDE.python
    ? [`${INSIDE.evaluator}/bin/node`, `${INSIDE.evaluator}/${program.script}`]
    : [program.node, join(program.root, program.script)];
}

async function writeCommand(words: readonly string[], files: InstanceFiles): Promise<void> {
  await writeFile(join(files.etc, "fieldmark"), `#!/bin/sh\nexec ${quoteAll(words)} "$@"\n`, { mode: 0o755 });
}

/** @throws RUNTIME_REFUSED when a job's own user cannot enter the data folder */
async function checkReach({ folder }: InstanceFiles): Promise<void> {
  const setpriv = await accessFile("/usr/bin/setpriv", constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!setpriv) {
    throw new FieldmarkError(
      "RUNTIME_REFUSED",
      "a service run as root gives each job a user of its own, which needs setpriv (util-linux) here; run the service as an ordinary user",
    );
  }
  const jobs = dirname(dirname(folder));
  // ours to open for passing through: what lies in them stays closed
  for (const path of [jobs, dirname(jobs)]) await chmod(path, 0o711);
  for (let path = dirname(dirname(jobs)); ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) {
      throw new FieldmarkError(
        "RUNTIME_REFUSED",
        `without namespaces a job's own user must be able to pass ${path}, which is closed: choose another --data folder`,
      );
    }
    if (path === dirname(path)) return;
  }
}
