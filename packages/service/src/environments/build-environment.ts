import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { FieldmarkError } from "@fieldmark/contract";
import { environmentsFolder } from "./environment-records.ts";
import { askInterpreter, type Interpreter } from "./interpreter.ts";

/** Inside a folder that is being built: the process that builds it, by its id and its `ME`. */
const BUILDING = "building.pid";
/** In a container an id is often the same after a restart. */
const ME = randomUUID();
/** So many of pip's last lines tell why it failed. */
const LAST_LINES = 6;

export interface BuildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface BuiltEnvironment {
  readonly folder: string;
  readonly interpreter: Interpreter;
}

/**
 * Makes a virtual environment in a new folder of its own and installs requirements there. What is left of a build that did
 * not end is removed: by this call when it fails, by `removeUnfinished` after a crash.
 *
 * @param requirements a pip requirements file, or its lines, which are kept in the new folder
 * @throws IMAGE_FAILED with what Python or pip said; the signal's reason
 */
export async function buildEnvironment(
  dataFolder: string,
  name: string,
  requirements: { readonly file: string } | { readonly lines: readonly string[] },
  options: BuildOptions,
): Promise<BuiltEnvironment> {
  const python = await findPython(name, options);
  const folder = join(environmentsFolder(dataFolder), name, randomBytes(6).toString("hex"));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(join(folder, BUILDING), `${process.pid} ${ME}`);
  const mine = join(folder, "bin", "python3");
  const file = "file" in requirements ? requirements.file : join(folder, "requirements.txt");
  const cwd = dirname(file);
  try {
    if ("lines" in requirements) await writeFile(file, `${requirements.lines.join("\n")}\n`);
    options.onProgress(`environment ${name}: making it with Python ${python.version} (${python.executable})`);
    await run([python.executable, "-m", "venv", folder], cwd, {
      ...options,
      failure: `environment ${name} could not be built: Python ${python.version} made no virtual environment`,
      remedy: "Install its venv module (on Debian and Ubuntu: apt install python3-venv)",
    });
    const pip = [
      mine,
      "-m",
      "pip",
      "--no-input",
      "--disable-pip-version-check",
      "install",
      "--progress-bar",
      "off",
    ];
    await run([...pip, "--requirement", file], cwd, {
      ...options,
      failure: `environment ${name} could not be built: pip did not install its requirements`,
      remedy:
        "Where the package index cannot be reached, set pip's variables (PIP_INDEX_URL, HTTPS_PROXY) where the service starts, " +
        `or name a Python that has the packages: fieldmark environments add ${name} --python PATH`,
    });
    const interpreter = await askInterpreter(mine, options);
    options.onProgress(`environment ${name}: ready`);
    return { folder, interpreter };
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}

/** Called when the record that names the folder is written. */
export async function finishBuild(folder: string): Promise<void> {
  await rm(join(folder, BUILDING), { force: true });
}

/**
 * Removes built folders that nothing names: builds that did not end, environments replaced or removed.
 * @param kept asked when it is known which builds are over: one that ends meanwhile is named by then
 */
export async function removeUnfinished(
  dataFolder: string,
  kept: () => Promise<ReadonlySet<string>>,
): Promise<void> {
  const top = environmentsFolder(dataFolder);
  const over: string[] = [];
  for (const entry of await readdir(top, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    for (const build of await readdir(join(top, entry.name))) {
      const folder = join(top, entry.name, build);
      if (!(await isBeingBuilt(folder))) over.push(folder);
    }
  }
  if (over.length === 0) return;
  const keep = await kept();
  for (const folder of over) {
    if (!keep.has(folder)) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function isBeingBuilt(folder: string): Promise<boolean> {
  const [pidText, builder] = (await readFile(join(folder, BUILDING), "utf8").catch(() => "")).split(" ");
  const pid = Number(pidText);
  if (!(pid > 0)) return false;
  if (pid === process.pid) return builder === ME;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function findPython(name: string, { env, signal }: BuildOptions): Promise<Interpreter> {
  const reasons: string[] = [];
  for (const python of ["python3", "python"]) {
    try {
      return await askInterpreter(python, { env, signal });
    } catch (error) {
      if (!(error instanceof FieldmarkError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new FieldmarkError(
    "IMAGE_FAILED",
    `environment ${name} cannot be built: there is no Python here (${reasons.join("; ")}). ` +
      "Install Python 3 with venv, or name one you have: fieldmark environments add " +
      `${name} --python PATH`,
    { environment: name },
  );
}

async function run(
  words: readonly string[],
  cwd: string,
  {
    env,
    signal,
    onProgress,
    failure,
    remedy,
  }: BuildOptions & { readonly failure: string; readonly remedy: string },
): Promise<void> {
  // a job's own user reads what is made here
  const child = spawn("/bin/sh", ["-c", 'umask 022; exec "$@"', "sh", ...words], {
    cwd,
    env: withoutPython(env),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const last: string[] = [];
  const listen = (stream: NodeJS.ReadableStream) => {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() === "") return;
      onProgress(line.trimEnd());
      last.push(line.trim());
      if (last.length > LAST_LINES) last.shift();
    });
  };
  listen(child.stdout);
  listen(child.stderr);
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
  signal.throwIfAborted();
  if (code === 0) return;
  throw new FieldmarkError(
    "IMAGE_FAILED",
    // what to do survives where a reason is cut
    `${failure} (exit code ${code}). ${remedy}. It said: ${last.join(" | ")}`,
  );
}

/** The service's own virtual environment and Python settings mean nothing to the one that is built. */
function withoutPython(env: BuildOptions["env"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !entry[0].startsWith("PYTHON") &&
        entry[0] !== "VIRTUAL_ENV" &&
        entry[0] !== "PIP_USER",
    ),
  );
}
