import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERRORS } from "@fieldmark/contract";
import { sampleModelPath } from "@fieldmark/samples";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandsPage } from "../scripts/docs-commands.mjs";
import { errorsPage } from "../scripts/docs-errors.mjs";
import { serve } from "../scripts/serve.mjs";
import { fieldmark } from "./command-line.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Markdown and sources of this checkout, relative to its root. */
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));
const pages = tracked.filter((path) => path.endsWith(".md"));

test("docs/errors.md is the table of errors (node scripts/docs-errors.mjs writes it)", () => {
  expect(read("docs/errors.md")).toBe(errorsPage());
});

test("docs/commands.md is the help of every command (node scripts/docs-commands.mjs writes it)", () => {
  expect(read("docs/commands.md")).toBe(commandsPage());
});

test("every error code is thrown somewhere", () => {
  const sources = tracked
    .filter((path) => /^packages\/[\w-]+\/src\/.*\.ts$/.test(path) && !path.includes(".test."))
    .filter((path) => path !== "packages/contract/src/errors.ts")
    .map(read)
    .join("\n");
  const unused = Object.keys(ERRORS).filter((code) => !sources.includes(`"${code}"`));
  expect(unused).toEqual([]);
});

test("every flag that a page names is one of a command", () => {
  const known = new Set(read("docs/commands.md").match(/--[a-z][a-z-]+/g));
  const flagsOf = (page: string) =>
    read(page)
      .split("\n")
      .filter(
        (line) =>
          !/\b(npm|git|docker|vitest|node scripts|(node|python) examples|python3|arguments=|smspark-)/.test(
            line,
          ),
      )
      .flatMap((line) => line.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? []);
  for (const page of pages.filter((path) => path === "README.md" || path.startsWith("docs/"))) {
    const unknown = flagsOf(page).filter((flag) => !known.has(flag) && flag !== "--version");
    expect([page, unknown]).toEqual([page, []]);
  }
});

test("every link between pages leads somewhere", () => {
  for (const page of pages) {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, to = ""]) => to);
    const broken = targets.filter((to) => !existsSync(join(ROOT, dirname(page), to)));
    expect([page, broken]).toEqual([page, []]);
  }
});

/** Code blocks of a language, with the page and the number of the block in it. */
function blocks(language: string): { page: string; number: number; code: string }[] {
  return pages.flatMap((page) =>
    [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
      ([, code = ""], index) => ({
        page,
        number: index + 1,
        code,
      }),
    ),
  );
}

/** Examples of docstrings: what stands in their fences, without the comment's stars. */
function docstringExamples(folder: string): { page: string; number: number; code: string }[] {
  return tracked
    .filter((path) => path.startsWith(folder) && path.endsWith(".ts") && !path.includes(".test"))
    .flatMap((page) =>
      [...read(page).matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)].map(([, code = ""], index) => ({
        page,
        number: index + 1,
        code: code.replace(/^ *\* ?/gm, ""),
      })),
    );
}

const EXAMPLES = [...blocks("ts"), ...docstringExamples("packages/sdk/src/")];

test("the TypeScript examples of the pages have no type errors", () => {
  const virtual = new Map(
    EXAMPLES.map(({ page, number, code }) => [join(ROOT, `${page.replaceAll("/", "_")}_${number}.ts`), code]),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  const program = ts.createProgram([...virtual.keys()], options, host);
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  expect(EXAMPLES.length).toBeGreaterThan(0);
  expect(problems).toEqual([]);
});

describe("the examples run", () => {
  let folder: string;
  let env: Record<string, string>;
  let served: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    const inside = join(ROOT, "node_modules/.cache"); // so that the examples find the packages
    await mkdir(inside, { recursive: true });
    folder = await mkdtemp(join(inside, "docs-"));
    served = await serve();
    env = {
      ...served.env,
      XDG_CACHE_HOME: join(folder, "cache"),
      FIELDMARK_CACHE: join(folder, "cache"),
    };
    await fieldmark(["samples", "render", "--output", "data", "--per-class", "4", "--quiet"], {
      cwd: folder,
    });
    await writeFile(join(folder, "model.tar.gz"), readFileSync(sampleModelPath()));
    const pictures = readdirSync(join(folder, "data/test/017.Cardinal"));
    for (const [index, name] of ["bird.jpg", "a.jpg", "b.jpg"].entries())
      await writeFile(
        join(folder, name),
        readFileSync(join(folder, "data/test/017.Cardinal", pictures[index] ?? "")),
      );
  });

  afterAll(async () => {
    await served?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(EXAMPLES)("TypeScript: $page, block $number", async ({ code, number, page }) => {
    const file = join(folder, `${page.replaceAll("/", "_")}_${number}.mjs`);
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    await writeFile(file, outputText);
    execFileSync(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env }, stdio: "pipe" });
  });

  const python = process.env.FIELDMARK_PYTHON;
  if (python === undefined)
    console.warn("skipped: Python examples (FIELDMARK_PYTHON names no Python with pandas)");

  const run = (code: string) =>
    execFileSync(python ?? "", ["-c", code], { cwd: folder, encoding: "utf8", stdio: "pipe" });

  test.skipIf(python === undefined)(
    "Python: docs/formats.md gives the numbers and the pixels again",
    async () => {
      const words = ["--model", "model.tar.gz", "--images", "data/test", "--output", "evaluation", "--json"];
      const { stdout } = await fieldmark(["evaluate", ...words], { cwd: folder, env });
      const { overall } = JSON.parse(stdout);
      await fieldmark(["preprocess", "--recipe", "mobilenet_v2", "bird.jpg", "--out", "bird.npy"], {
        cwd: folder,
      });
      const [numbers, pixels] = blocks("python").filter(({ page }) => page === "docs/formats.md");
      const [accuracy, f1, logLoss] = run(numbers?.code ?? "")
        .trim()
        .split(/\s+/)
        .map(Number);
      expect(accuracy).toBe(overall.accuracy.value);
      expect(f1).toBe(overall.f1_macro.value);
      expect(logLoss).toBeCloseTo(overall.log_loss.value, 13);
      expect(run(pixels?.code ?? "raise SystemExit(1)")).toBe("");
    },
  );

  test.skipIf(python === undefined)("Python: pandas reads the same predictions from both files", async () => {
    const columns = run(`
import numpy as np, pandas as pd
a = pd.read_parquet("evaluation/predictions.parquet")
b = pd.read_csv("evaluation/predictions.csv")
scores = [f"p{i}" for i in range(8)] + ["confidence"]
assert (a[scores].dtypes == np.float32).all() and a.label.dtype == np.int32
assert (a[scores].to_numpy() == b[scores].astype(np.float32).to_numpy()).all()
assert (a.image_file_name == b.image_file_name).all() and (a.sha256 == b.sha256).all()
assert (a.label == b.label).all() and (a.predicted == b.predicted).all()
assert (a.label_name.str[:3].astype(int) > 0).all()
b.to_parquet("theirs.parquet"); b.to_csv("theirs.csv", index=False)
print(",".join(a.columns))
`);
    expect(columns.trim()).toBe(
      "image_file_name,sha256,label,predicted,label_name,predicted_name,confidence,p0,p1,p2,p3,p4,p5,p6,p7,milliseconds",
    );
    const values = ["evaluation", "theirs.parquet", "theirs.csv"].map(async (from) => {
      const { code, stdout } = await fieldmark(["report", from, "--json", "--output", `again-${from}`], {
        cwd: folder,
      });
      expect(code).toBe(0);
      return JSON.parse(stdout).overall;
    });
    const [ours, ...theirs] = await Promise.all(values);
    for (const one of theirs) expect(one).toEqual(ours);
  });

  test.skipIf(python === undefined)("Python: docs/preprocessing.md gives the pixels again", async () => {
    await fieldmark(["preprocess", "--recipe", "mobilenet_v2", "a.jpg", "b.jpg", "--out", "X.npy"], {
      cwd: folder,
    });
    const [pixels] = blocks("python").filter(({ page }) => page === "docs/preprocessing.md");
    expect(run(pixels?.code ?? "raise SystemExit(1)")).toBe("");
  });
});
