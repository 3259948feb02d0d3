import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SETTINGS } from "../settings.ts";
import { runWords } from "./run-words.test-support.ts";

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-env-"));
  data = join(folder, "it's here");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const env = (words: readonly string[], variables: Record<string, string> = {}) =>
  runWords(["env", "--data", data, ...words], { cwd: folder, env: variables });

test("env makes the keys before the service was ever started, and prints them in every form", async () => {
  const { code, stdout, stderr } = await env([
    "--format",
    "json",
    "--listen",
    "0.0.0.0:80",
    "--region",
    "eu-west-1",
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  const keys: { accessKeyId: string; secretAccessKey: string } = JSON.parse(
    await readFile(join(data, "keys.json"), "utf8"),
  );
  expect((await stat(join(data, "keys.json"))).mode & 0o777).toBe(0o600);
  const variables = {
    AWS_ENDPOINT_URL: "http://127.0.0.1:80",
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_DATA_PATH: join(data, "boto"),
  };
  expect(JSON.parse(stdout)).toEqual(variables);
  const dotenv = await env(["--format", "dotenv"]);
  expect(dotenv.stdout).toContain(
    `AWS_ENDPOINT_URL="http://127.0.0.1:4599"\nAWS_ACCESS_KEY_ID="${keys.accessKeyId}"\n`,
  );
  const powershell = await env(["--format", "powershell"]);
  expect(powershell.stdout).toContain(`$env:AWS_DATA_PATH = '${join(data, "boto").replace("'", "''")}'`);
});

test("a shell takes what env prints, quotes and all, and forgets a session token of elsewhere", async () => {
  const { stdout } = await env([], { AWS_DATA_PATH: "/theirs" });
  const shell = spawnSync(
    "sh",
    ["-c", `${stdout}\nprintf '%s|%s|%s' "$AWS_DATA_PATH" "$AWS_REGION" "\${AWS_SESSION_TOKEN-none}"`],
    {
      encoding: "utf8",
      env: { AWS_SESSION_TOKEN: "old" },
    },
  );
  expect(shell.stdout).toBe(`${join(data, "boto")}:/theirs|us-east-1|none`);
});

test.each([
  { flag: "--listen", value: "4599", expected: "host:port" },
  { flag: "--listen", value: "127.0.0.1:70000", expected: "host:port" },
  { flag: "--region", value: "Mars", expected: "a region such as us-east-1" },
])("env refuses $flag $value with exit code 2", async ({ flag, value, expected }) => {
  const { code, stderr } = await env([flag, value]);
  expect(code).toBe(2);
  expect(stderr).toContain(`${flag} is "${value}", expected ${expected}`);
});

test("serve refuses a variable that it cannot read, and names it", async () => {
  const { code, stderr } = await runWords(["serve"], {
    cwd: folder,
    env: { FIELDMARK_DATA: data, FIELDMARK_MAX_INSTANCES: "0" },
  });
  expect(code).toBe(2);
  expect(stderr).toContain('FIELDMARK_MAX_INSTANCES is "0", expected an integer from 1 to 10000');
});

test("every setting takes its own fallback, and has a flag and a variable of its own", () => {
  const all = Object.values(SETTINGS);
  for (const { parse, fallback } of all) expect(parse(fallback(), folder)).not.toBeNull();
  expect(new Set(all.map(({ flag }) => flag)).size).toBe(all.length);
  expect(new Set(all.map(({ env: variable }) => variable)).size).toBe(all.length);
});
