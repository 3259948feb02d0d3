import { access, realpath } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { EvaluatorProgram } from "./environment.ts";

/**
 * Finds what an instance needs to run the command line: the topmost folder with its modules, be it a checkout
 * (`node_modules` beside `packages`) or an installation (`node_modules` that holds the command's package).
 *
 * @param script the file that is run, e.g. `…/packages/cli/bin/fieldmark.js`
 * @param node path of the Node binary
 */
export async function evaluatorProgram(script: string, node: string): Promise<EvaluatorProgram> {
  const file = await realpath(script);
  const modules = `${sep}node_modules${sep}`;
  const installed = file.indexOf(modules);
  const root = installed >= 0 ? file.slice(0, installed) : await topmostWithModules(dirname(file));
  const inside = relative(root, file);
  const [first = ""] = inside.split(sep);
  return {
    node: await realpath(node),
    root,
    folders: [...new Set(["node_modules", first])],
    script: inside,
  };
}

async function topmostWithModules(from: string): Promise<string> {
  let found = from;
  for (let folder = from; ; folder = dirname(folder)) {
    const has = await access(join(folder, "node_modules")).then(
      () => true,
      () => false,
    );
    // a workspace's packages may have modules of their own: the checkout is the folder above them all
    if (has) found = folder;
    if (folder === dirname(folder)) return found;
  }
}
