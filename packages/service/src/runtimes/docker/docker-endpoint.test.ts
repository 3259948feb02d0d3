import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerEndpoint } from "./docker-endpoint.ts";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "fieldmark-endpoint-"));
  const folder = join(home, ".docker");
  await writeContext(folder, "far", { Host: "tcp://far:2376", SkipTLSVerify: false }, { "ca.pem": "CA" });
  await writeContext(folder, "near", { Host: "ssh://me@near" }, {});
  await writeFile(join(folder, "config.json"), JSON.stringify({ currentContext: "near" }));
});

afterAll(async () => await rm(home, { recursive: true, force: true }));

async function writeContext(
  folder: string,
  name: string,
  docker: object,
  tls: Readonly<Record<string, string>>,
): Promise<void> {
  const id = createHash("sha256").update(name).digest("hex");
  const meta = join(folder, "contexts", "meta", id);
  const secrets = join(folder, "contexts", "tls", id, "docker");
  for (const path of [meta, secrets]) await mkdir(path, { recursive: true });
  await writeFile(join(meta, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker } }));
  for (const [file, text] of Object.entries(tls)) await writeFile(join(secrets, file), text);
}

test.each([
  { env: {}, url: "ssh://me@near" },
  { env: { DOCKER_CONTEXT: "far" }, url: "tcp://far:2376" },
  { env: { DOCKER_CONTEXT: "default" }, url: "unix:///var/run/docker.sock" },
  { env: { DOCKER_HOST: "tcp://other:1", DOCKER_CONTEXT: "far" }, url: "tcp://other:1" },
  { env: { DOCKER_HOST: "other:1" }, url: "tcp://other:1" },
  { env: { DOCKER_HOST: "" }, url: "ssh://me@near" },
])("$env is $url, as Docker's client has it", async ({ env, url }) => {
  const found = await dockerEndpoint({ ...env, HOME: home });
  // a machine whose only socket is in the user's home has that one
  expect(found.url.replace(join(home, ".docker/run/docker.sock"), "/var/run/docker.sock")).toBe(url);
});

test("TLS: a context brings its certificates, DOCKER_TLS_VERIFY those of DOCKER_CERT_PATH", async () => {
  expect((await dockerEndpoint({ HOME: home, DOCKER_CONTEXT: "far" })).tls).toEqual({
    ca: "CA",
    cert: null,
    key: null,
    verify: true,
  });
  await writeFile(join(home, "cert.pem"), "CERT");
  const env = { HOME: home, DOCKER_HOST: "tcp://far:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: home };
  expect((await dockerEndpoint(env)).tls).toEqual({ ca: null, cert: "CERT", key: null, verify: true });
  expect((await dockerEndpoint({ HOME: home, DOCKER_HOST: "tcp://far:2375" })).tls).toBeNull();
});

test.each([
  { env: { DOCKER_CONTEXT: "absent" }, message: 'there is no Docker context "absent"' },
  { env: { DOCKER_HOST: "fd://x" }, message: 'DOCKER_HOST is "fd://x", expected unix://PATH' },
])("$env is refused", async ({ env, message }) => {
  await expect(dockerEndpoint({ ...env, HOME: home })).rejects.toMatchObject({
    code: "DOCKER_SETTINGS",
    message: expect.stringContaining(message),
  });
});
