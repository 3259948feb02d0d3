import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProc } from "./run-proc.ts";
import { packSource } from "./source-archive.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-sdk-"));
  await mkdir(join(folder, "scripts/lib"), { recursive: true });
  await mkdir(join(folder, "shared"));
  await mkdir(join(folder, "processing/input/code"), { recursive: true });
  await writeFile(
    join(folder, "scripts/it's main.sh"),
    'cat lib/part.txt shared/more.txt; printf "%s|" "$@"; exit 3',
  );
  await writeFile(join(folder, "scripts/lib/part.txt"), "part\n");
  await writeFile(join(folder, "shared/more.txt"), "more\n");
});
afterEach(async () => await rm(folder, { recursive: true }));

test("the archive and runproc.sh run the script beside its files, with its arguments and exit code", async () => {
  const { archive, entry } = await packSource({
    code: "it's main.sh",
    sourceDir: join(folder, "scripts"),
    dependencies: [join(folder, "shared")],
  });
  await pipeline(archive, createWriteStream(join(folder, "processing/input/code/sourcedir.tar.gz")));
  const script = runProc({ command: ["sh"], entry });
  await writeFile(join(folder, "runproc.sh"), script);
  let failure: unknown;
  try {
    execFileSync("bash", [join(folder, "runproc.sh"), "a b", "$HOME"], {
      encoding: "utf8",
      stdio: "pipe",
      env: { ...process.env, OPT_ML: folder },
    });
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ status: 3, stdout: "part\nmore\na b|$HOME|" });
});

test("a script that is not in its folder is named", async () => {
  await expect(packSource({ code: "none.py", sourceDir: join(folder, "scripts") })).rejects.toThrow(
    /code "none.py": expected a file in sourceDir/,
  );
});
