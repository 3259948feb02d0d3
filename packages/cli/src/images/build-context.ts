import { access, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FieldmarkError } from "@fieldmark/contract";
import type { Machine } from "./build-settings.ts";

/** A context for `docker build`, removed with it. */
export interface BuildContext extends AsyncDisposable {
  readonly folder: string;
}

/** The folder `containers`: at the top of a checkout; in the npm package, the copy beside the built command. */
export async function containersFolder(): Promise<string> {
  for (const place of ["../../../../containers/", "../containers/"]) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (await exists(join(folder, "shared", "sbom.sh"))) return folder;
  }
  throw new FieldmarkError(
    "IMAGE_BUILD_FAILED",
    "the folder `containers` of this installation is missing: install it again",
  );
}

/** A copy of what the image's Dockerfile takes; the evaluator's holds Fieldmark itself, packed as npm publishes it. */
export async function makeContext(
  name: string,
  { containers, ask }: { readonly containers: string; readonly ask: Machine["ask"] },
): Promise<BuildContext> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-context-"));
  const remove = async () => await rm(folder, { recursive: true, force: true });
  try {
    for (const part of [name, "shared"])
      await cp(join(containers, part), join(folder, part), { recursive: true });
    if (name === "evaluator") await packFieldmark(join(folder, name, "packages"), ask);
    return { folder, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function packFieldmark(target: string, ask: Machine["ask"]): Promise<void> {
  await mkdir(target);
  const folders = [...(await fieldmarkPackages()).values()];
  if ((await ask("npm", ["pack", "--silent", "--pack-destination", target, ...folders])) === null) {
    throw new FieldmarkError(
      "IMAGE_BUILD_FAILED",
      `\`npm pack ${folders.join(" ")}\` failed: the evaluator's image needs npm on this machine`,
    );
  }
}

/** The image evaluates, and has no service. */
const LEFT_OUT = "@fieldmark/service";

/** Folders of the command's own package and of those of Fieldmark that `evaluate` needs, by name. */
async function fieldmarkPackages(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    const { name, dependencies = {} } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    if (found.has(name)) return;
    found.set(name, folder);
    for (const needed of Object.keys(dependencies)) {
      if (needed.startsWith("@fieldmark/") && needed !== LEFT_OUT)
        await visit(await packageOf(fileURLToPath(import.meta.resolve(needed))));
    }
  };
  await visit(await packageOf(fileURLToPath(import.meta.url)));
  return found;
}

/** The nearest folder above with a package.json. */
async function packageOf(file: string): Promise<string> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (await exists(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder))
      throw new FieldmarkError("FILE_NOT_FOUND", `${file}: no package.json above it`);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
