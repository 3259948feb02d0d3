import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { askInterpreter } from "./environments/interpreter.ts";
import { openControlGroups } from "./runtimes/process/cgroups.ts";
import { describeRecipe, tryRecipes } from "./runtimes/process/recipes.ts";

/** One thing that was looked at. */
export interface MachineCheck {
  readonly name: string;
  /** `lacking`: something works worse, or not at all, without it. */
  readonly status: "ok" | "lacking" | "failed";
  readonly found: string;
  /** What to do about it; null when nothing needs doing. */
  readonly advice: string | null;
}

export interface MachineOptions {
  readonly dataFolder: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** So much free space is little for environments and jobs. */
const LITTLE_SPACE = 5 * 2 ** 30;
const OLDEST_NODE = [20, 19];

type Check = (options: MachineOptions) => Promise<MachineCheck>;

/** Every check, in the order of the report. */
const CHECKS: readonly Check[] = [node, sandbox, controlGroups, python, docker, dataFolder, disk, port];

/** Looks at what this machine can run, by trying it. */
export async function reportMachine(options: MachineOptions): Promise<readonly MachineCheck[]> {
  const report: MachineCheck[] = [];
  for (const check of CHECKS) report.push(await check(options));
  return report;
}

const ok = (name: string, found: string): MachineCheck => ({ name, status: "ok", found, advice: null });
const lacking = (name: string, found: string, advice: string): MachineCheck => ({
  name,
  status: "lacking",
  found,
  advice,
});
const failed = (name: string, found: string, advice: string): MachineCheck => ({
  name,
  status: "failed",
  found,
  advice,
});

async function node(): Promise<MachineCheck> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldest = 0, least = 0] = OLDEST_NODE;
  const found = `${process.version} at ${process.execPath}`;
  return major > oldest || (major === oldest && minor >= least)
    ? ok("node", found)
    : failed("node", found, `install Node ${OLDEST_NODE.join(".")} or newer`);
}

async function sandbox(): Promise<MachineCheck> {
  if (process.platform !== "linux") {
    return lacking(
      "sandbox",
      `none on ${process.platform}: /opt/ml is a path prefix, isolated jobs fail`,
      "run the service on Linux for isolated jobs and real /opt/ml paths",
    );
  }
  const base = await mkdtemp(join(tmpdir(), "fieldmark-doctor-"));
  try {
    await mkdir(join(base, "jobs"));
    const { best, trials, ip } = await tryRecipes(base);
    const failures = trials.flatMap(({ recipe, failure }) =>
      failure === null ? [] : [`${describeRecipe(recipe)}: ${failure}`],
    );
    if (best === null) {
      return lacking(
        "sandbox",
        `no namespaces: /opt/ml is a path prefix, isolated jobs fail (${failures.join("; ")})`,
        "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or run as root outside a container",
      );
    }
    const found = `${describeRecipe(best)}${failures.length === 0 ? "" : `; not ${failures.join("; not ")}`}`;
    if (best.tool !== "bwrap")
      return lacking("sandbox", found, "install bubblewrap: instances start some 40 ms sooner");
    if (!ip)
      return lacking("sandbox", found, "install iproute2: isolated jobs of several instances need its `ip`");
    return best.root || best.overlay
      ? ok("sandbox", found)
      : lacking("sandbox", found, "use Linux 5.11 or newer: inputs are linked instead of copied");
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function controlGroups(): Promise<MachineCheck> {
  const { version, controllers, lacks } = await openControlGroups();
  const found = version === null ? "none" : `version ${version}: ${[...controllers].toSorted().join(", ")}`;
  return lacks === null
    ? ok("control groups", found)
    : lacking(
        "control groups",
        `${found} (${lacks})`,
        "memory is bounded for each process, not for a job as a whole; start the service with `systemd-run --user --scope -p Delegate=yes` or as root",
      );
}

async function python({ env }: MachineOptions): Promise<MachineCheck> {
  try {
    const found = await askInterpreter("python3", { env });
    const venv = await works(found.executable, ["-c", "import venv, ensurepip"], env);
    const text = `${found.version} at ${found.executable}`;
    return venv
      ? ok("python", text)
      : lacking(
          "python",
          `${text}, without venv`,
          "install python3-venv: environments for images are built with it",
        );
  } catch (error) {
    return lacking(
      "python",
      (error as Error).message,
      "install Python 3 with venv: jobs in Python need it, the evaluator does not",
    );
  }
}

async function docker({ env }: MachineOptions): Promise<MachineCheck> {
  const there = await works("docker", ["version", "--format", "{{.Server.Version}}"], env);
  return ok(
    "docker",
    there ? "reachable; not needed" : "absent; not needed: environments stand in for images",
  );
}

async function dataFolder({ dataFolder: folder }: MachineOptions): Promise<MachineCheck> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rm(await mkdtemp(join(folder, ".doctor-")), { recursive: true });
    return ok("data folder", folder);
  } catch (error) {
    return failed("data folder", (error as Error).message, "choose a folder that you may write with --data");
  }
}

async function disk({ dataFolder: folder }: MachineOptions): Promise<MachineCheck> {
  const there = await access(folder).then(
    () => folder,
    () => tmpdir(),
  );
  const { bavail, bsize } = await statfs(there);
  const found = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free`;
  return bavail * bsize < LITTLE_SPACE
    ? lacking("disk", found, "free some space, or choose another disk with --data")
    : ok("disk", found);
}

async function port({ listen: { host, port: number } }: MachineOptions): Promise<MachineCheck> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host, port: number, timeout: 1_000 });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
  const found = `${host}:${number}`;
  return taken
    ? lacking(
        "port",
        `${found} is taken, perhaps by a service that runs already`,
        "choose another with --listen HOST:PORT",
      )
    : ok("port", `${found} is free`);
}

async function works(
  program: string,
  words: readonly string[],
  env: MachineOptions["env"],
): Promise<boolean> {
  return await promisify(execFile)(program, [...words], { env: { ...env }, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
