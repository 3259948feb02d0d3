import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Environments } from "./environments.ts";
import { BUILT_IN_REQUIREMENTS } from "./requirements.ts";

const SKLEARN_IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3";
const BUILT = new URL("../../dist/environments/environments.js", import.meta.url).href;
const PATH = process.env.PATH ?? "";
/** A virtual environment takes seconds to make. */
const SLOW = 600_000;

/** Empty packages of the names and versions that `sklearn` asks for: pip installs them as it would the real ones. */
const MAKE_WHEELS = `
import sys, zipfile
for line in sys.argv[2:]:
    name, version = line.split(";")[0].strip().split("==")
    stem = name.replace("-", "_") + "-" + version
    with zipfile.ZipFile(f"{sys.argv[1]}/{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
`;

function hasVenv(): boolean {
  try {
    execFileSync("python3", ["-c", "import venv, ensurepip"], { stdio: "ignore" });
    return true;
  } catch {
    process.stdout.write("environments.test.ts: skipped, there is no python3 with venv here\n");
    return false;
  }
}

describe.skipIf(!hasVenv())("environments", { timeout: SLOW }, () => {
  let root: string;
  let wheels: string;
  let data: string;
  let lines: string[];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "fieldmark-environments-"));
    wheels = join(root, "wheels");
    await mkdir(wheels);
    execFileSync("python3", ["-c", MAKE_WHEELS, wheels, ...BUILT_IN_REQUIREMENTS.sklearn]);
  });
  afterAll(async () => {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });
  beforeEach(async () => {
    data = await mkdtemp(join(root, "data-"));
    lines = [];
  });

  const offline = () => ({ PATH, PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels });
  const open = (env: Record<string, string> = offline()) => new Environments(data, { evaluator: null, env });
  const options = (signal = new AbortController().signal) => ({
    signal,
    onProgress: (line: string) => lines.push(line),
  });
  const builds = async (name: string): Promise<readonly string[]> =>
    await readdir(join(data, "environments", name)).catch(() => []);
  const emptyFile = async (): Promise<string> => {
    await writeFile(join(data, "requirements.txt"), "");
    return join(data, "requirements.txt");
  };

  test("jobs that need the same one wait for one build, and find it afterwards", async () => {
    const environments = open();
    const [first, second, third] = await Promise.all([
      environments.ready(SKLEARN_IMAGE, options()),
      environments.ready("sklearn", options()),
      environments.ready(SKLEARN_IMAGE, options()),
    ]);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(lines.filter((line) => line.includes("making it with Python"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("another job is building it"))).toHaveLength(2);
    expect(await builds("sklearn")).toHaveLength(1);
    lines = [];
    expect(await open().ready("sklearn:1", options())).toEqual(first);
    expect(lines).toEqual([]);
    if (first.kind !== "python") throw new Error("not a Python");
    const show = ["-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check"];
    const { stdout } = await promisify(execFile)(first.interpreter.executable, show);
    expect(stdout).toContain("scikit-learn==1.6.1");
    const file = join(first.interpreter.prefix, "requirements.txt");
    expect(await readFile(file, "utf8")).toBe(`${BUILT_IN_REQUIREMENTS.sklearn.join("\n")}\n`);
  });

  test("who waits for a build that is called off builds for itself", async () => {
    const environments = open();
    const calledOff = new AbortController();
    const first = environments.ready("sklearn", options(calledOff.signal));
    const second = environments.ready("sklearn", options());
    while (lines.length < 2) await pause(10);
    calledOff.abort(new Error("the job was stopped"));
    await expect(first).rejects.toThrow("the job was stopped");
    expect(await second).toMatchObject({ kind: "python", name: "sklearn" });
    expect(await builds("sklearn")).toHaveLength(1);
  });

  test("a build that is killed leaves no environment, and the next one succeeds", async (context) => {
    const built = await access(new URL(BUILT)).then(
      () => true,
      () => false,
    );
    if (!built) return context.skip("the service is not built");
    const worker = `
      const { Environments } = await import(${JSON.stringify(BUILT)});
      const environments = new Environments(${JSON.stringify(data)}, { evaluator: null, env: process.env });
      const signal = new AbortController().signal;
      await environments.ready("sklearn", { signal, onProgress: (line) => process.stdout.write(line + "\\n") });
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", worker], {
      env: offline(),
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    await once(child.stdout, "data");
    const { pid } = child;
    if (pid === undefined) throw new Error("the worker did not start");
    while ((await builds("sklearn")).length === 0) await pause(10);
    // Python and pip as well, as when the machine loses power
    process.kill(-pid, "SIGKILL");
    await once(child, "close");
    const environments = open();
    expect(await environments.list()).toEqual([]);
    expect(await builds("sklearn")).toHaveLength(1);
    await environments.removeUnused();
    expect(await builds("sklearn")).toEqual([]);
    expect(await environments.ready("sklearn", options())).toMatchObject({ kind: "python", name: "sklearn" });
    expect(await builds("sklearn")).toHaveLength(1);
  });

  test("a build of a process that had this one's id is over", async () => {
    const left = join(data, "environments", "sklearn", "left");
    await mkdir(left, { recursive: true });
    await writeFile(join(left, "building.pid"), `${process.pid} another`);
    await open().removeUnused();
    expect(await builds("sklearn")).toEqual([]);
  });

  test("no Python: the reason and what to do", async () => {
    const failure = open({ PATH: join(root, "nowhere") }).ready(SKLEARN_IMAGE, options());
    await expect(failure).rejects.toMatchObject({ code: "IMAGE_FAILED" });
    await expect(failure).rejects.toThrow(
      /environment sklearn cannot be built: there is no Python here.*Install Python 3 with venv.*environments add sklearn --python PATH/,
    );
    expect(await builds("sklearn")).toEqual([]);
  });

  test("no network: the reason and what to do, and nothing half-made stays", async () => {
    const noIndex = { PATH, PIP_INDEX_URL: "http://127.0.0.1:9/simple", PIP_RETRIES: "0" };
    const failure = open(noIndex).ready(SKLEARN_IMAGE, options());
    await expect(failure).rejects.toMatchObject({ code: "IMAGE_FAILED" });
    await expect(failure).rejects.toThrow(
      /^environment sklearn could not be built: pip did not install.*PIP_INDEX_URL.*It said: .*No matching distribution found for numpy/,
    );
    expect(await builds("sklearn")).toEqual([]);
  });

  test("an added sklearn replaces the built-in one; one replaced goes with the last job that uses it", async () => {
    const environments = open();
    const requirements = await emptyFile();
    const old = await environments.add({ name: "sklearn", images: [], requirements }, options());
    expect(await environments.ready(SKLEARN_IMAGE, options())).toMatchObject({
      name: "sklearn",
      interpreter: old.interpreter,
    });
    const job = join(data, "jobs", "a");
    await mkdir(job, { recursive: true });
    await writeFile(join(job, "environment"), `${old.interpreter.prefix}\n`);
    await environments.add({ name: "sklearn", images: [], python: "python3" }, options());
    expect(await builds("sklearn")).toHaveLength(1);
    await rm(job, { recursive: true });
    await environments.release(old.interpreter.prefix);
    expect(await builds("sklearn")).toEqual([]);
    const { interpreter } = await environments.add({ name: "py", images: [], python: "python3" }, options());
    await environments.release(interpreter.prefix);
    await access(interpreter.executable);
  });
});
