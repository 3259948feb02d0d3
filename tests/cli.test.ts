import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleModelPath } from "@fieldmark/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI, fieldmark } from "./command-line.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-cli-"));
  await writeFile(
    join(folder, "theirs.csv"),
    `file,label,p0,p1,p2\n${Array.from({ length: 30 }, (_, row) => `${row}.jpg,${row % 3},${row % 5 === 0 ? "0.8,0.1,0.1" : "0.1,0.6,0.3"}`).join("\n")}\n`,
  );
  await writeFile(
    join(folder, "names.json"),
    JSON.stringify(["<script>alert(1)</script>", "a|b\n# c", "\u001b[31m*red*"]),
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const COMMANDS = ["evaluate", "report", "predict", "preprocess", "model", "prepare", "samples", "cache"];

test("without words: the help on stderr, exit code 2; --help and help: on stdout, 0", async () => {
  const bare = await fieldmark([]);
  expect([bare.code, bare.stdout]).toEqual([2, ""]);
  for (const words of [["--help"], ["help"], ["-h"]]) {
    const { code, stdout, stderr } = await fieldmark(words);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(bare.stderr);
    for (const command of COMMANDS) expect(stdout).toContain(`\n  ${command} `);
  }
});

test("--version prints the version alone", async () => {
  const { version } = JSON.parse(
    await readFile(new URL("../packages/cli/package.json", import.meta.url), "utf8"),
  );
  for (const word of ["--version", "-V"])
    expect(await fieldmark([word])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test.each(COMMANDS)("help %s is its --help, and needs nothing", async (command) => {
  const help = await fieldmark(["help", command]);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toContain(`Usage: fieldmark ${command}`);
  expect(await fieldmark([command, "--help"])).toEqual(help);
});

test.each([
  [["nope"], "unknown command 'nope'"],
  [["--nope"], "unknown option '--nope'"],
  [["evaluate", "--nope"], "unknown option '--nope'"],
  [["evaluate", "--batch", "0"], "Expected an integer from 1 to 4096."],
  [["evaluate", "--filter", "linear"], "Allowed choices are nearest"],
  [["evaluate", "--label-form", "two"], "Allowed choices are one-based"],
  [["report"], "missing required argument 'predictions'"],
  [["prepare", "cub", "--output", "x"], "give either --from <path> or --download"],
  [["prepare", "cub", "--output", "x", "--from", "y", "--classes", "a"], '"a": "a" is not a number'],
  [["samples", "render"], "required option '--output <folder>' not specified"],
] as const)("%j is refused with exit code 2", async (words, message) => {
  const { code, stdout, stderr } = await fieldmark(words, { cwd: folder });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("--help");
});

const inContainer = existsSync("/opt/ml/processing");

test.skipIf(inContainer)("evaluate without --model and --images names both and the hint", async () => {
  const { code, stdout, stderr } = await fieldmark(["evaluate"], { cwd: folder });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toBe(
    "error --model and --images missing (only inside a processing container are there defaults, under /opt/ml/processing)\n" +
      "  Run the command with --help to see what it takes. [USAGE]\n",
  );
  expect((await fieldmark(["evaluate", "--model", "m"], { cwd: folder })).stderr).toContain(
    "error --images missing",
  );
});

test("an input error says what, where and what to do, with exit code 1 and nothing on stdout", async () => {
  const { code, stdout, stderr } = await fieldmark(["report", "gone.csv"], { cwd: folder });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    `error ${join(folder, "gone.csv")}: no such file or folder\n  Check the path. [FILE_NOT_FOUND]\n`,
  );
});

const REPORT = ["report", "theirs.csv", "--class-names", "names.json"];

test("GITHUB_STEP_SUMMARY: the table is added, and names of classes stay text", async () => {
  const page = join(folder, "summary.md");
  await writeFile(page, "before\n");
  const { code, stdout } = await fieldmark(REPORT, { cwd: folder, env: { GITHUB_STEP_SUMMARY: page } });
  expect(code).toBe(0);
  const text = await readFile(page, "utf8");
  expect(text.startsWith("before\n## Fieldmark evaluation\n")).toBe(true);
  expect(text).toContain("| Accuracy | ");
  expect(text).toContain("- &#60;script&#62;alert(1)&#60;/script&#62; taken for a\\|b \\# c: ");
  expect(text).not.toContain("<script>");
  expect(text.split("\n").filter((line) => line.startsWith("#"))).toEqual(["## Fieldmark evaluation"]);
  expect(stdout).not.toContain("\u001b");

  const unwritable = await fieldmark(REPORT, { cwd: folder, env: { GITHUB_STEP_SUMMARY: folder } });
  expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringContaining("[DISK]")]);
});

test("the report shows names of classes as text, too", async () => {
  const page = await readFile(join(folder, "theirs-report/report.html"), "utf8");
  expect(page).not.toContain("<script>alert");
  expect(page).toContain("&#60;script&#62;alert(1)");
});

test("a reader that goes away, as `| head -1` does, is no failure", async () => {
  for (const words of [[...REPORT, "--json"], REPORT, ["--help"]])
    expect(await fieldmark(words, { cwd: folder, closeStdout: true })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
});

const noTerminal = spawnSync("script", ["--version"]).status !== 0;
if (noTerminal) console.warn("skipped: colours on a terminal (no `script` on this machine)");

test.skipIf(noTerminal)("colours on a terminal, none with NO_COLOR", () => {
  const { NO_COLOR: _, CI: __, ...env } = process.env;
  const run = (more: Record<string, string>) =>
    execFileSync("script", ["-qec", `'${process.execPath}' '${CLI}' ${REPORT.join(" ")}`, "/dev/null"], {
      cwd: folder,
      env: { ...env, TERM: "xterm", ...more },
      encoding: "utf8",
    });
  expect(run({})).toContain("\u001b[1m");
  expect(run({ NO_COLOR: "1" })).not.toContain("\u001b[");
  expect(run({ TERM: "dumb" })).not.toContain("\u001b[");
});

/** The lab's tables and three pictures a class. */
async function cubTree(): Promise<string> {
  const tree = join(folder, "CUB_200_2011");
  const classes = ["001.Albatross", "002.Auklet", "003.Bunting"];
  const pictures = classes.flatMap((name) =>
    Array.from({ length: 5 }, (_, index) => `${name}/bird_${index}.jpg`),
  );
  const table = async (name: string, lines: readonly string[]) =>
    await writeFile(join(tree, name), `${lines.map((line, index) => `${index + 1} ${line}`).join("\n")}\n`);
  for (const name of classes) await mkdir(join(tree, "images", name), { recursive: true });
  for (const name of pictures) await writeFile(join(tree, "images", name), `picture ${name}`);
  await table("classes.txt", classes);
  await table("images.txt", pictures);
  await table(
    "image_class_labels.txt",
    pictures.map((_, index) => String(Math.floor(index / 5) + 1)),
  );
  await table(
    "train_test_split.txt",
    pictures.map((_, index) => String(index % 2)),
  );
  return tree;
}

test("prepare cub: the tree becomes the lab's layout; the terms are shown, --quiet leaves them out", async () => {
  const words = ["prepare", "cub", "--from", await cubTree(), "--classes", "3,1", "--seed", "7"];
  const { code, stdout, stderr } = await fieldmark([...words, "--output", "cub"], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toBe(`2 classes: 6 train, 2 valid, 2 test\n${join(folder, "cub")}\n`);
  expect(stderr).toContain("non-commercial research and education only");
  const manifest = await readFile(join(folder, "cub/manifest/test.csv"), "utf8");
  expect(manifest).toMatch(
    /^image_file_name,orig_class_id,class_id,class_name\n001\.Albatross\/bird_\d\.jpg,1,1,001\.Albatross\n003\.Bunting\/bird_\d\.jpg,3,2,003\.Bunting\n$/,
  );
  expect(await readdir(join(folder, "cub/test"))).toEqual(["001.Albatross", "003.Bunting"]);

  const again = await fieldmark([...words, "--output", "cub"], { cwd: folder });
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("the folder is not empty")]);
  const json = await fieldmark([...words, "--output", "cub2", "--json", "--quiet"], { cwd: folder });
  expect([json.code, json.stderr]).toEqual([0, ""]);
  expect(JSON.parse(json.stdout).counts).toEqual({ train: 6, valid: 2, test: 2 });
});

test("in a processing container the lab's paths need no flags", async ({ skip }) => {
  if (
    existsSync("/opt/ml") ||
    !(await mkdir("/opt/ml/processing/input", { recursive: true }).then(
      () => true,
      () => false,
    ))
  )
    skip("/opt/ml is there already, or cannot be made");
  try {
    const at = "/opt/ml/processing";
    const birds = join(folder, "birds");
    await fieldmark(["samples", "render", "--output", birds, "--per-class", "1", "--quiet"]);
    await cp(join(birds, "test"), `${at}/input/test`, { recursive: true });
    await cp(join(birds, "manifest"), `${at}/input/manifest`, { recursive: true });
    await mkdir(`${at}/model`);
    const env = { FIELDMARK_CACHE: join(folder, "cache") };
    const missing = await fieldmark(["evaluate"], { cwd: folder, env });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining("/opt/ml/processing/model/model.tar.gz"),
    ]);
    await cp(sampleModelPath(), `${at}/model/other.tar.gz`);
    const { code } = await fieldmark(["evaluate", "--model-file", "other.tar.gz"], { cwd: folder, env });
    expect(code).toBe(0);
    const { multiclass_classification_metrics: metrics } = JSON.parse(
      await readFile(`${at}/evaluation/evaluation.json`, "utf8"),
    );
    expect(metrics.accuracy.value).toBeGreaterThan(0.5);
    expect(Object.keys(metrics.confusion_matrix)).toHaveLength(8);
  } finally {
    await rm("/opt/ml", { recursive: true, force: true });
  }
});
