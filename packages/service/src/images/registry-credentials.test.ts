import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { registryLogin } from "./registry-credentials.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-logins-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

const login = async (registry: string, config: unknown) => {
  await writeFile(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  return await registryLogin(registry, { DOCKER_CONFIG: folder, PATH });
};
/** A helper that is a real program: it answers what the shell's words say. */
const helper = async (name: string, body: string) => {
  const file = join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\nread registry\n${body}\n`);
  await chmod(file, 0o755);
};
const auth = Buffer.from("ada:se:cret").toString("base64");

test("without a file, or an entry for the registry, there is no login", async () => {
  expect(await registryLogin("r.io", { DOCKER_CONFIG: folder })).toBeNull();
  expect(await login("r.io", { auths: { "other.io": { auth } } })).toBeNull();
  expect(await login("r.io", { auths: { "r.io": {} } })).toBeNull();
});

test.each([["r.io:5000"], ["https://r.io:5000"], ["https://r.io:5000/v1/"]])(
  "an entry %s counts for its host",
  async (name) => {
    expect(await login("r.io:5000", { auths: { [name]: { auth } } })).toMatchObject({
      username: "ada",
      password: "se:cret",
    });
  },
);

test("Docker Hub is known by the name that Docker's client gives it", async () => {
  const found = await login("docker.io", { auths: { "https://index.docker.io/v1/": { auth } } });
  expect(found).toEqual({
    serveraddress: "https://index.docker.io/v1/",
    username: "ada",
    password: "se:cret",
  });
});

test("an identity token counts before a password", async () => {
  const found = await login("r.io", { auths: { "r.io": { auth, identitytoken: "t" } } });
  expect(found).toEqual({ serveraddress: "r.io", identitytoken: "t" });
});

test("a helper is asked for its registry; the store for all others", async () => {
  await helper("one", `echo '{"Username":"one","Secret":"'$registry'"}'`);
  await helper("all", `echo '{"Username":"<token>","Secret":"t"}'`);
  const config = { credHelpers: { "r.io": "one" }, credsStore: "all" };
  expect(await login("r.io", config)).toEqual({ serveraddress: "r.io", username: "one", password: "r.io" });
  expect(await login("s.io", config)).toEqual({ serveraddress: "s.io", identitytoken: "t" });
});

test("a helper that knows no login leaves it at that", async () => {
  await helper("none", "echo credentials not found in native keychain; exit 1");
  expect(await login("r.io", { credsStore: "none" })).toBeNull();
});

test("a helper that fails, is missing or answers nonsense is named", async () => {
  await helper("locked", "echo the key chain is locked; exit 1");
  await helper("odd", "echo hello");
  for (const [credsStore, words] of [
    ["locked", /docker-credential-locked failed: the key chain is locked/],
    ["absent", /docker-credential-absent failed: spawn/],
    ["odd", /answered no Username/],
    ["../x", /no helper's name/],
  ] as const)
    await expect(login("r.io", { credsStore })).rejects.toThrow(words);
});

test("a file that is no JSON is named", async () => {
  await expect(login("r.io", "{")).rejects.toMatchObject({ code: "DOCKER_SETTINGS" });
});
