import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { containerSettings } from "./container-settings.ts";
import { DockerWorld, docker } from "./docker-runtime.test.kit.ts";

const SKLEARN = "fieldmark/sklearn";
let folder: string;
let at: (name: string) => string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-settings-"));
  at = (name) => join(folder, name);
  for (const name of ["wheels", "other", "home/.config/pip"]) await mkdir(at(name), { recursive: true });
  await writeFile(at("ca.pem"), "the certificates\n");
  await writeFile(at("other/ca.pem"), "other certificates\n");
  await symlink("ca.pem", at("link.pem"));
  await writeFile(at("secret.pem"), "a key\n");
  await chmod(at("secret.pem"), 0o600);
  await writeFile(at("wheels/bird.txt"), "wren\n");
  await writeFile(
    at("home/.config/pip/pip.conf"),
    `[global]\nindex-url = https://ada:pw@private.example/simple\ncert = ${at("ca.pem")}\ncache-dir = /home/ada\n`,
  );
  await writeFile(at("machine.conf"), "[global]\nindex-url = https://machine.example\ntimeout = 9\n");
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const settingsOf = async (
  env: Readonly<Record<string, string>>,
  { binds = true, machinePipConf = at("none") }: { binds?: boolean; machinePipConf?: string } = {},
) => await containerSettings(env, { binds, machinePipConf });

test("what variables name is given at a place of its own, each file once", async () => {
  const { variables, files, folders, pipConf, leftOut } = await settingsOf({
    SSL_CERT_FILE: at("ca.pem"),
    SSL_CERT_DIR: folder,
    PIP_CERT: at("link.pem"),
    REQUESTS_CA_BUNDLE: at("other/ca.pem"),
    PIP_FIND_LINKS: `${at("wheels")} file://${at("wheels")} https://wheels.example/a`,
    PIP_CACHE_DIR: folder,
    AWS_SECRET_ACCESS_KEY: "not a setting",
  });
  expect(variables).toEqual({
    SSL_CERT_FILE: "/etc/fieldmark/ca.pem",
    PIP_CERT: "/etc/fieldmark/ca.pem",
    REQUESTS_CA_BUNDLE: "/etc/fieldmark/2-ca.pem",
    PIP_FIND_LINKS: "/etc/fieldmark/wheels file:///etc/fieldmark/wheels https://wheels.example/a",
  });
  expect([...files]).toEqual([
    ["ca.pem", at("ca.pem")],
    ["2-ca.pem", at("other/ca.pem")],
  ]);
  expect([...folders]).toEqual([["wheels", at("wheels")]]);
  expect({ pipConf, leftOut }).toEqual({ pipConf: null, leftOut: [] });
});

test("pip's files become one, with the container's places, without where pip writes", async () => {
  const { variables, pipConf, files } = await settingsOf(
    { HOME: at("home") },
    { machinePipConf: at("machine.conf") },
  );
  expect(variables).toEqual({ PIP_CONFIG_FILE: "/etc/fieldmark/pip.conf" });
  expect(pipConf).toBe(
    "[global]\nindex-url = https://ada:pw@private.example/simple\ntimeout = 9\ncert = /etc/fieldmark/ca.pem\n",
  );
  expect([...files.keys()]).toEqual(["ca.pem"]);
  const none = await settingsOf({ PIP_CONFIG_FILE: "/dev/null" }, { machinePipConf: at("machine.conf") });
  expect(none).toMatchObject({ variables: { PIP_CONFIG_FILE: "/dev/null" }, pipConf: null });
});

test.each([
  ["PIP_INDEX_URL", "http://ada:pw@127.0.0.1:3141/root/pypi", undefined],
  ["PIP_INDEX_URL", "http://LOCALHOST/simple", undefined],
  ["PIP_PROXY", "[::1]:3128", undefined],
  [
    "PIP_EXTRA_INDEX_URL",
    "https://localhost:1/simple https://localhost.example/simple",
    "https://localhost.example/simple",
  ],
])("%s=%s: what is on loopback is left out, and said without its value", async (name, value, left) => {
  const { variables, leftOut } = await settingsOf({ [name]: value });
  expect(variables[name]).toBe(left);
  expect(leftOut).toEqual([
    `the container does not get ${name}: it names a loopback address, which in a container is its own`,
  ]);
});

test("folders are left out where the daemon is elsewhere, a folder of certificates everywhere, and it is said", async () => {
  const { variables, folders, leftOut } = await settingsOf(
    { PIP_FIND_LINKS: at("wheels"), SSL_CERT_DIR: folder },
    { binds: false },
  );
  expect({ variables, folders }).toEqual({ variables: {}, folders: new Map() });
  expect(leftOut.join("\n")).toMatch(
    /PIP_FIND_LINKS: it names a folder.*\n.*SSL_CERT_DIR: .*set SSL_CERT_FILE/,
  );
});

test.skipIf(process.getuid?.() !== 0)("root's own files are not given", async () => {
  const { variables, files, leftOut } = await settingsOf({ PIP_CLIENT_CERT: at("secret.pem") });
  expect({ variables, files: files.size }).toEqual({ variables: {}, files: 0 });
  expect(leftOut).toHaveLength(1);
});

describe.skipIf(docker === null)("in containers", () => {
  test.each([{ sharesFiles: true }, { sharesFiles: false }])(
    "programs of any user read what settings name, isolated ones get none: $sharesFiles",
    async ({ sharesFiles }) => {
      const env = { HOME: at("home"), SSL_CERT_FILE: at("ca.pem"), PIP_FIND_LINKS: at("wheels") };
      await using world = await DockerWorld.open({ sharesFiles, env });
      const script =
        'cd /etc/fieldmark && setpriv --reuid 1234 cat "$SSL_CERT_FILE" "$PIP_CONFIG_FILE" && cat "$PIP_FIND_LINKS/bird.txt"; stat -c %a:%u /etc';
      const plan = world.plan(script);
      expect(await world.run(plan)).toMatchObject([{ exitCode: 0 }]);
      const log = await world.log(plan);
      expect(log).toContain("the certificates\n[global]\n");
      expect(log).toContain("cert = /etc/fieldmark/ca.pem\n");
      expect(log.includes("wren\n")).toBe(sharesFiles);
      expect(log).toMatch(/755:0\n$/);
      const isolated = world.plan("test ! -e /etc/fieldmark && ! env | grep -E '^(PIP|SSL)_'", {
        networkIsolation: true,
      });
      expect(await world.run(isolated)).toMatchObject([{ exitCode: 0 }]);
    },
  );

  test("the program cannot change them, and the job's user is told what is left out", async () => {
    await using world = await DockerWorld.open({
      env: { SSL_CERT_FILE: at("ca.pem"), PIP_INDEX_URL: "http://127.0.0.1:1/simple" },
    });
    const lines: string[] = [];
    const plan = world.plan('! echo x > "$SSL_CERT_FILE"');
    const { signal } = new AbortController();
    await world.runtime.prepare(plan, { signal, onProgress: (line) => lines.push(line) });
    expect(lines.filter((line) => line.includes("PIP_INDEX_URL"))).toHaveLength(1);
    expect(await world.run(plan)).toMatchObject([{ exitCode: 0 }]);
  });
});

const hasSklearn =
  docker !== null &&
  (await docker
    .getImage(SKLEARN)
    .inspect()
    .then(
      () => true,
      () => false,
    ));
if (!hasSklearn) process.stdout.write(`skipped: pip inside a job (the Docker daemon has no ${SKLEARN})\n`);

test.skipIf(!hasSklearn)(
  "a job installs a package as this machine's own pip would",
  { timeout: 400_000 },
  async () => {
    const env = Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    await using world = await DockerWorld.open({ env });
    const plan = world.plan(
      "pip install --no-deps iniconfig==2.0.0 && python3 -c 'import importlib.metadata as m; print(m.version(\"iniconfig\"))'",
      { image: SKLEARN },
    );
    const states = await world.run(plan);
    const log = await world.log(plan);
    expect(states, log).toMatchObject([{ exitCode: 0 }]);
    expect(log).toMatch(/\n2\.0\.0\n$/);
  },
);
