import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Interpreter } from "../../environments/interpreter.ts";

/**
 * Makes a virtual environment for one instance, over an environment that it may not write: `pip install` works in it, sees
 * what the environment holds, and is gone with the job. No Python runs for it.
 *
 * @param folder where it is made
 * @param at where the program sees it
 */
export async function writePythonLayer(folder: string, at: string, python: Interpreter): Promise<void> {
  const packages = join(folder, "lib", `python${python.version}`, "site-packages");
  await mkdir(packages, { recursive: true });
  await mkdir(join(folder, "bin"));
  const settings = [
    `home = ${dirname(python.baseExecutable)}`,
    `include-system-site-packages = ${python.isolated ? "false" : "true"}`,
    `version = ${python.version}`,
    "",
  ];
  const isFromBase = (path: string) => !python.isolated && path.startsWith(`${python.basePrefix}/`);
  const path = python.packageFolders
    .filter((each) => !isFromBase(each))
    .map((each) => `import site; site.addsitedir(${JSON.stringify(each)})`);
  const pip = `#!/bin/sh\nexec ${at}/bin/python3 -m pip "$@"\n`;
  await Promise.all([
    writeFile(join(folder, "pyvenv.cfg"), settings.join("\n")),
    writeFile(join(packages, "_environment.pth"), `${path.join("\n")}\n`),
    symlink(python.baseExecutable, join(folder, "bin", "python3")),
    symlink("python3", join(folder, "bin", "python")),
    symlink("python3", join(folder, "bin", `python${python.version}`)),
    ...["pip", "pip3"].map(async (name) => await writeFile(join(folder, "bin", name), pip, { mode: 0o755 })),
  ]);
}
