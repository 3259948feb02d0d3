import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { bwrapCommand } from "./bwrap.ts";
import { hostViews } from "./host-view.ts";
import { jobsFolder } from "./job-files.ts";
import type { Sandbox } from "./sandbox.ts";
import { unshareCommand } from "./unshare.ts";

/** A way to build a sandbox on this machine. */
export interface Recipe {
  readonly tool: "bwrap" | "unshare";
  /** The service is root: a job gets a user of its own. Else jobs run as the service's user, in user namespaces. */
  readonly root: boolean;
  /** Without root: inputs may be linked, for /opt/ml is an overlay. */
  readonly overlay: boolean;
}

/** What came of trying a recipe. */
interface Trial {
  readonly recipe: Recipe;
  /** null when it works */
  readonly failure: string | null;
}

export interface Recipes {
  /** The best that works; null: no namespaces here. */
  readonly best: Recipe | null;
  readonly trials: readonly Trial[];
  /** iproute2 is there: instances of a job can share a network of their own. */
  readonly ip: boolean;
}

/** User id of the trial's sandbox where the service is root. */
const TRIAL_UID = 1_999_999;
const TRIAL_SECONDS = 10;

/** The environment of the tools: nothing of the service's surroundings, nothing of a job's. */
export const TOOL_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
};

export function describeRecipe({ tool, root, overlay }: Recipe): string {
  const who = root ? "root, a user id of its own for each job" : "an ordinary user, in user namespaces";
  return `${tool}, as ${who}${root || overlay ? "" : ", inputs copied"}`;
}

/** A command of a shell that runs the sandbox, and files that must be in `base` for it. */
export function sandboxCommand(
  recipe: Recipe,
  sandbox: Sandbox,
  { base, ip }: { readonly base: string; readonly ip: boolean },
): { readonly command: string; readonly files: Readonly<Record<string, string>> } {
  return recipe.tool === "bwrap"
    ? { command: bwrapCommand(sandbox, recipe), files: {} }
    : unshareCommand(sandbox, { root: recipe.root, base, ip });
}

/** Runs a small sandbox by each recipe, the best first, and stops at the first that works. */
export async function tryRecipes(
  dataFolder: string,
  {
    all = false,
    tools = ["bwrap", "unshare"],
  }: { readonly all?: boolean; readonly tools?: readonly Recipe["tool"][] } = {},
): Promise<Recipes> {
  if (process.platform !== "linux") return { best: null, trials: [], ip: false };
  const ip = await works("ip link show lo");
  const root = process.getuid?.() === 0;
  const candidates = tools.flatMap((tool): Recipe[] =>
    root ? [{ tool, root, overlay: false }] : [true, false].map((overlay) => ({ tool, root, overlay })),
  );
  const trials: Trial[] = [];
  for (const recipe of candidates) {
    trials.push({ recipe, failure: await tryRecipe(dataFolder, recipe, ip) });
    if (!all && trials.at(-1)?.failure === null) break;
  }
  return { best: trials.find(({ failure }) => failure === null)?.recipe ?? null, trials, ip };
}

/** null when it works; else what the tool said. */
async function tryRecipe(dataFolder: string, recipe: Recipe, ip: boolean): Promise<string | null> {
  const base = await mkdtemp(join(jobsFolder(dataFolder), ".trial-"));
  try {
    const uid = recipe.root ? TRIAL_UID : (process.getuid?.() ?? 0);
    for (const name of ["ml", "upper", "overlay-work", "merged", "root"]) await mkdir(join(base, name));
    await writeFile(join(base, "ml", "input"), "linked");
    await chmod(join(base, "ml", "input"), 0o444);
    if (recipe.root) await chown(join(base, "ml"), uid, uid);
    const { mounts, folders } = (await hostViews(join(base, "etc"), [])).closed;
    const overlay =
      recipe.root || !recipe.overlay
        ? null
        : { base, lower: "ml", upper: "upper", work: "overlay-work", merged: "merged" };
    const sandbox: Sandbox = {
      hostname: "algo-1",
      ownNetwork: true,
      uid,
      gid: uid,
      mounts: [
        ...mounts,
        { kind: "bind", source: join(base, overlay === null ? "ml" : "merged"), target: "/opt/ml" },
        { kind: "memory", target: "/dev/shm", bytes: 1_000_000 },
      ],
      folders: new Set([...folders, "/opt/ml"]),
      overlay,
      workingFolder: "/opt/ml",
      command: ["/bin/sh", "-c", "id -u && rm -f input && echo new > input && cat input"],
    };
    const { command, files } = sandboxCommand(recipe, sandbox, { base, ip });
    for (const [name, text] of Object.entries(files)) await writeFile(join(base, name), text);
    const { stdout } = await shell(command);
    return stdout === `${uid}\nnew\n` ? null : `it answered ${JSON.stringify(stdout.slice(0, 200))}`;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    return stderr.trim().split("\n").at(-1) || message;
  } finally {
    await removeOverlayWork(join(base, "overlay-work"));
    await rm(base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The kernel leaves a folder in an overlay's work folder that nobody may read, empty: it is opened before it is removed. */
export async function removeOverlayWork(folder: string): Promise<void> {
  await chmod(join(folder, "work"), 0o700).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function works(command: string): Promise<boolean> {
  return await shell(command).then(
    () => true,
    () => false,
  );
}

async function shell(command: string): Promise<{ stdout: string }> {
  return await promisify(execFile)("/bin/sh", ["-c", `exec ${command}`], {
    env: TOOL_ENVIRONMENT,
    timeout: TRIAL_SECONDS * 1000,
    cwd: "/",
  });
}
