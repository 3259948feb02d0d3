import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleModelPath } from "@fieldmark/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Finished, fieldmark, type RunOptions } from "./command-line.ts";

const MODEL = sampleModelPath();

let folder: string;
let images: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-journey-"));
  env = { FIELDMARK_CACHE: join(folder, "cache") };
  images = join(folder, "birds/test");
  const { code, stdout } = await fieldmark(["samples", "render", "--output", join(folder, "birds")]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("160 pictures of 8 species, seed 1")]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function evaluate(output: string, words: readonly string[] = [], options: RunOptions = {}) {
  return await fieldmark(
    ["evaluate", "--model", MODEL, "--images", images, "--output", join(folder, output), ...words],
    { ...options, env: { ...env, ...options.env } },
  );
}

const read = async (...path: string[]) => await readFile(join(folder, ...path), "utf8");
const files = async (output: string) => (await readdir(join(folder, output))).sort();
const WRITTEN = ["evaluation.json", "measures.json", "predictions.csv", "predictions.parquet", "report.html"];

/** Rows of a predictions.csv without their last column, the milliseconds. */
const withoutTimes = (csv: string) => csv.replace(/,[^,\n]*$/gm, "");

let first: Finished;

test("quickstart: the sample birds and the sample model, with honest mistakes", async () => {
  first = await evaluate("first");
  expect(first.code).toBe(0);
  expect(first.stderr).not.toContain("warning");
  expect(first.stderr).toContain("Evaluating: 160/160 pictures");
  expect(first.stdout).toMatch(/Accuracy +│ \d+\.\d %/);
  expect(first.stdout).toContain(`Report  ${join(folder, "first/report.html")}`);
  expect(await files("first")).toEqual(WRITTEN);
  const { accuracy } = JSON.parse(await read("first/evaluation.json")).multiclass_classification_metrics;
  expect(accuracy.value).toBeGreaterThanOrEqual(0.85);
  expect(accuracy.value).toBeLessThanOrEqual(0.97);
});

test("--json --quiet: measures and paths on stdout, nothing on stderr", async () => {
  const { code, stdout, stderr } = await evaluate("json", ["--json", "--quiet"]);
  expect([code, stderr]).toEqual([0, ""]);
  const { files: paths, ...measures } = JSON.parse(stdout);
  expect(paths.reportHtml).toBe(join(folder, "json/report.html"));
  expect(measures).toEqual(JSON.parse(await read("json/measures.json")));
  expect(measures.recipeCheck).toBe(null); // this model and recipe passed in the run before
  const { seconds, time, command, ...provenance } = measures.provenance;
  expect(command).toContain("fieldmark evaluate --model");
  expect(provenance.dataset.examples).toBe(160);
});

test("Ctrl-C leaves whole rows and exit code 130; --resume gives what an uninterrupted run gives", async () => {
  const slow = ["--recipe-check", "never", "--batch", "4", "--threads", "1"];
  const partial = join(folder, "resumed/predictions.partial.csv");
  let timer: NodeJS.Timeout | undefined;
  let sent = false;
  const interrupted = await evaluate("resumed", slow, {
    onStart: (kill) => {
      timer = setInterval(async () => {
        const { size } = await stat(partial).catch(() => ({ size: 0 }));
        if (size <= 2000 || sent) return;
        sent = true;
        kill("SIGINT");
      }, 3);
    },
  });
  clearInterval(timer);
  expect(interrupted.code).toBe(130);
  expect(interrupted.stderr).toContain("INTERRUPTED");
  expect(interrupted.stderr).toContain("--resume");
  expect(await files("resumed")).toEqual(["predictions.partial.csv", "predictions.partial.json"]);

  const rows = (await readFile(partial, "utf8")).split("\n");
  expect(rows.pop()).toBe("");
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.length).toBeLessThan(161);
  for (const row of rows) expect(row.split(",")).toHaveLength(14);

  const other = await evaluate("resumed", [...slow, "--resume", "--recipe", "raw"]);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("had another recipe")]);

  const resumed = await evaluate("resumed", [...slow, "--resume"]);
  expect(resumed.code).toBe(0);
  expect(await files("resumed")).toEqual(WRITTEN);
  expect((await evaluate("whole", slow)).code).toBe(0);
  expect(withoutTimes(await read("resumed/predictions.csv"))).toBe(
    withoutTimes(await read("whole/predictions.csv")),
  );
  expect(await read("resumed/evaluation.json")).toBe(await read("whole/evaluation.json"));

  const again = await evaluate("resumed", ["--resume"]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("no interrupted run to resume")]);
});

test("report recomputes the same measures from the folder, the CSV and the Parquet", async () => {
  const before = JSON.parse(await read("first/measures.json"));
  for (const [words, output] of [
    [["first/"], "first-report"],
    [["first/predictions.csv"], "first/predictions-report"],
    [["first/predictions.parquet", "--output", "elsewhere"], "elsewhere"],
  ] as const) {
    const { code, stdout } = await fieldmark(["report", ...words], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain(join(folder, output, "report.html"));
    expect(await files(output)).toEqual(WRITTEN);
    const { provenance, ...after } = JSON.parse(await read(output, "measures.json"));
    expect(after).toEqual({ ...before, provenance: undefined });
    expect(provenance.model).toEqual(before.provenance.model);
    expect(provenance.preprocessing).toEqual(before.provenance.preprocessing);
    expect(await read(output, "evaluation.json")).toBe(await read("first/evaluation.json"));
  }
});

test("report --labels: corrected rows change the measures, and a row that was not predicted is refused", async () => {
  const [header, row = ""] = (await read("birds/manifest/test.csv")).split("\n");
  const [name = ""] = row.split(",");
  await writeFile(join(folder, "corrected.csv"), `image_file_name,class_id\n${name},8\n`);
  const words = ["report", "first", "--labels", "corrected.csv", "--output", "corrected", "--json"];
  const { code, stdout } = await fieldmark(words, { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).perClass.map((one: { support: number }) => one.support)).toEqual([
    19, 20, 20, 20, 20, 20, 20, 21,
  ]);
  await writeFile(join(folder, "corrected.csv"), `${header}\ngone.jpg,1,1,Bobolink\n`);
  const refused = await fieldmark(words, { cwd: folder });
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("row 2: gone.jpg: no such row in the predictions");
});

/** A small dataset of ours: three birds, a copy of one under another label, a file that is no picture. */
async function smallDataset(): Promise<string[]> {
  const small = join(folder, "small");
  await mkdir(small, { recursive: true });
  const rows = (await read("birds/manifest/test.csv")).trim().split("\n").slice(1, 4);
  const lines = ["image_file_name,class_id"];
  for (const [index, row] of rows.entries()) {
    const [name = "", , classId] = row.split(",");
    await copyFile(join(images, name), join(small, `${index}.jpg`));
    lines.push(`${index}.jpg,${classId}`);
    if (index === 0) {
      await copyFile(join(images, name), join(small, "copy.jpg"));
      lines.push(`copy.jpg,${(Number(classId) % 8) + 1}`);
    }
  }
  await writeFile(join(small, "broken.jpg"), "no picture");
  lines.push("broken.jpg,1");
  await writeFile(join(folder, "small.csv"), `${lines.join("\n")}\n`);
  return ["--images", small, "--annotations", join(folder, "small.csv"), "--recipe-check", "never"];
}

test("a picture that cannot be decoded is named and makes the exit code 1, unless it is allowed", async () => {
  const words = await smallDataset();
  const failed = await evaluate("failed", words);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("not decoded broken.jpg");
  expect(failed.stderr).toMatch(
    /1 picture could not be decoded, the first: .*broken\.jpg.*--allow-failures 1/,
  );
  expect(failed.stdout).toContain("the same picture under different labels: 0.jpg");
  const { failures, examples, conflictingCopies } = JSON.parse(await read("failed/measures.json"));
  expect(failures).toMatchObject([{ imageFileName: "broken.jpg", label: 0, code: "IMAGE_UNSUPPORTED" }]);
  expect(examples.count).toBe(4);
  expect(conflictingCopies).toHaveLength(1);
  expect((await evaluate("failed", [...words, "--allow-failures", "1"])).code).toBe(0);
  const recomputed = await fieldmark(["report", "failed", "--json"], { cwd: folder });
  expect(JSON.parse(recomputed.stdout).failures).toEqual(failures);
});

test("bad rows are told together before anything runs, and nothing is written", async () => {
  const csv = join(folder, "bad.csv");
  await writeFile(csv, "image_file_name,class_id\ngone.jpg,1\nalso-gone.jpg,9\n");
  const { code, stderr, stdout } = await evaluate("bad", ["--annotations", csv]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("bad.csv: 3 problems");
  expect(stderr).toContain("row 2: gone.jpg");
  expect(stderr).toContain("row 3: class 9 is out of range: the model has 8 classes");
  await expect(stat(join(folder, "bad"))).rejects.toThrow("ENOENT");
});

test("an output that cannot be written is told before the run, not after it", async () => {
  await writeFile(join(folder, "file"), "");
  const { code, stderr } = await evaluate("file");
  expect(code).toBe(1);
  expect(stderr).toContain("[DISK]");
  expect(stderr).not.toContain("Evaluating");
  expect(await read("file")).toBe("");
});

test("--profile lab writes exactly the lab's keys; a wrong recipe is warned of, and remembered as not passed", async () => {
  const { code, stderr } = await evaluate("lab", ["--profile", "lab", "--recipe", "resnet"]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/warning +the recipe may be wrong: on 64 pictures resnet is right on/);
  const { multiclass_classification_metrics: metrics } = JSON.parse(await read("lab/evaluation.json"));
  expect(Object.keys(metrics)).toEqual(["accuracy", "precision", "recall", "f1", "confusion_matrix"]);
  const { warnings, recipeCheck } = JSON.parse(await read("lab/measures.json"));
  expect(warnings[0]).toContain(`try --recipe ${recipeCheck.better.recipe}`);
});
