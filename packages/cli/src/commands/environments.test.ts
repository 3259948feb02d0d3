import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runWords } from "./run-words.test-support.ts";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-environments-"));
  data = join(folder, "data");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const environments = async (...words: readonly string[]) =>
  await runWords(["environments", ...words, "--data", data], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "" },
  });

function hasVenv(): boolean {
  try {
    execFileSync("python3", ["-c", "import venv, ensurepip"], { stdio: "ignore" });
    return true;
  } catch {
    process.stdout.write("environments.test.ts: skipped, there is no python3 with venv here\n");
    return false;
  }
}

test.skipIf(!hasVenv())(
  "an environment is built from a file, listed, and removed",
  async () => {
    await writeFile(join(folder, "requirements.txt"), "# nothing beyond Python\n");
    const added = await environments(
      "add",
      "lab",
      "--requirements",
      "requirements.txt",
      "--image",
      "lab/*:1",
    );
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^environment lab: Python 3\.\d+, built from .*\/requirements\.txt\n$/,
      ) as string,
      stderr: expect.stringMatching(/making it with Python[\s\S]*environment lab: ready\n$/) as string,
    });
    expect(await environments("add", "mine", "--python", "python3")).toMatchObject({ code: 0, stderr: "" });

    const { stdout } = await environments("list", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      environments: [
        {
          name: "lab",
          images: ["lab/*:1"],
          source: { kind: "requirements", file: join(folder, "requirements.txt") },
          interpreter: { prefix: expect.stringContaining(join(data, "environments", "lab")) as string },
        },
        { name: "mine", images: [], source: { kind: "python", path: "python3" }, folder: null },
      ],
    });
    expect((await environments("list")).stdout).toMatch(/lab .*requirements\.txt.* lab\/\*:1/);

    expect(await environments("remove", "lab")).toEqual({
      code: 0,
      stdout: "environment lab: removed\n",
      stderr: "",
    });
    expect(await readdir(join(data, "environments", "lab"))).toEqual([]);
    expect(JSON.parse((await environments("list", "--json")).stdout)).toMatchObject({
      environments: [{ name: "mine" }],
    });
  },
  600_000,
);

test("what cannot be added or removed is said, with what to do", async () => {
  const neither = await environments("add", "other");
  expect(neither).toMatchObject({ code: 2, stdout: "" });
  expect(neither.stderr).toContain("give --requirements FILE or --python PATH");
  const both = await environments("add", "other", "--python", "x", "--requirements", "y");
  expect(both.stderr).toContain("expected one of them");
  const absent = await environments("add", "other", "--requirements", "none.txt");
  expect(absent.stderr).toContain(`${join(folder, "none.txt")}: it cannot be read`);
  const unknown = await environments("remove", "other");
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain("there is no environment other");
  const named = await environments("add", "../x", "--python", "python3");
  expect(named.stderr).toContain('"../x" cannot name an environment');
});
