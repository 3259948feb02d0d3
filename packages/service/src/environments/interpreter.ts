import { execFile } from "node:child_process";
import { isAbsolute } from "node:path";
import { promisify } from "node:util";
import { FieldmarkError } from "@fieldmark/contract";

/** What a Python says of itself. */
export interface Interpreter {
  /** The program that was asked; a version manager's shim answers with the Python behind it. */
  readonly executable: string;
  /** The Python that a virtual environment was made with; else the same. */
  readonly baseExecutable: string;
  readonly prefix: string;
  readonly basePrefix: string;
  /** e.g. "3.11" */
  readonly version: string;
  /** A virtual environment that does not see its base's packages. */
  readonly isolated: boolean;
  /** Folders that it imports packages from, beyond its base's own library. */
  readonly packageFolders: readonly string[];
}

const QUESTION = `
import json, os, sys, sysconfig
base = getattr(sys, "_base_executable", None) or sys.executable
standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
venv = sys.prefix != sys.base_prefix
system = not venv
if venv:
    with open(os.path.join(sys.prefix, "pyvenv.cfg")) as settings:
        system = any(line.replace(" ", "").strip().lower() == "include-system-site-packages=true" for line in settings)
folders = [p for p in sys.path if p and os.path.isdir(p) and os.path.realpath(p) not in standard
           and not os.path.basename(p) == "lib-dynload"]
print(json.dumps({"executable": sys.executable, "baseExecutable": os.path.realpath(base), "prefix": sys.prefix,
    "basePrefix": sys.base_prefix, "version": "%d.%d" % sys.version_info[:2], "isolated": not system,
    "packageFolders": folders}))
`;

/**
 * Asks a Python for its places.
 * @param python a program: a path, or a name on PATH
 * @throws PYTHON_UNUSABLE with what it said
 */
export async function askInterpreter(
  python: string,
  {
    env,
    signal,
  }: { readonly env: Readonly<Record<string, string | undefined>>; readonly signal?: AbortSignal },
): Promise<Interpreter> {
  const ask = promisify(execFile);
  const options = { env: { ...env }, timeout: 60_000, ...(signal === undefined ? {} : { signal }), cwd: "/" };
  let answer: string;
  try {
    ({ stdout: answer } = await ask(python, ["-E", "-c", QUESTION], options));
  } catch (error) {
    signal?.throwIfAborted();
    const { code, stderr = "" } = error as NodeJS.ErrnoException & { stderr?: string };
    const said = stderr.trim().split("\n").at(-1) ?? "";
    const reason = code === "ENOENT" ? "there is no such program" : said || (error as Error).message;
    throw new FieldmarkError("PYTHON_UNUSABLE", `${python}: ${reason}`, { python }, error);
  }
  return parseAnswer(python, answer);
}

function parseAnswer(python: string, answer: string): Interpreter {
  let value: unknown;
  try {
    value = JSON.parse(answer.trim().split("\n").at(-1) ?? "");
  } catch (error) {
    throw new FieldmarkError("PYTHON_UNUSABLE", `${python}: it is no Python 3.8 or newer`, { python }, error);
  }
  if (!isInterpreter(value))
    throw new FieldmarkError("PYTHON_UNUSABLE", `${python}: its answer was not understood`, { python });
  return value;
}

export function isInterpreter(value: unknown): value is Interpreter {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    ["executable", "baseExecutable", "prefix", "basePrefix"].every((name) => isPath(fields[name])) &&
    typeof fields.version === "string" &&
    typeof fields.isolated === "boolean" &&
    Array.isArray(fields.packageFolders) &&
    fields.packageFolders.every(isPath)
  );
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && isAbsolute(value);
}
