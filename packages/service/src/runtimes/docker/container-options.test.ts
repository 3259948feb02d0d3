import { expect, test } from "vitest";
import { anyRunPlan } from "../../jobs/run-plan.test.kit.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { containerEnvironment, containerOptions, shortfall } from "./container-options.ts";
import type { DaemonTraits } from "./daemon-traits.ts";

const GIB = 2 ** 30;
const traits: DaemonTraits = {
  version: "20.10.24",
  binds: true,
  overlays: true,
  cpus: 2,
  memory: 10 * GIB,
  logDrivers: ["local", "json-file"],
  hasGpus: false,
};
const plan = anyRunPlan({
  limits: { memoryBytes: 16 * GIB, cpus: 4, processes: 4096, diskBytes: GIB, maxRuntimeSeconds: 60 },
});
const access = {
  endpoint: "http://172.20.0.1:4000",
  region: "us-east-1",
  accessKeyId: "ASIA",
  secretAccessKey: "secret",
  sessionToken: "token",
};
const options = (
  changes: Partial<RunPlan>,
  network: string | null = "net",
  more: Partial<DaemonTraits> = {},
) =>
  containerOptions({
    plan: { ...plan, ...changes },
    host: "algo-1",
    access,
    settings: {},
    image: "sha256:1",
    network,
    mounts: [],
    labels: {},
    traits: { ...traits, ...more },
  });

test.each([
  { entrypoint: null, arguments: [], expected: {} },
  { entrypoint: null, arguments: ["a"], expected: { Cmd: ["a"] } },
  { entrypoint: ["sh", "-c"], arguments: ["a"], expected: { Entrypoint: ["sh", "-c"], Cmd: ["a"] } },
  { entrypoint: ["sh"], arguments: [], expected: { Entrypoint: ["sh"], Cmd: [] } },
])(
  "entrypoint $entrypoint with arguments $arguments: what is not named stays the image's",
  ({ expected, ...request }) => {
    const { Entrypoint, Cmd } = options(request);
    expect(JSON.parse(JSON.stringify({ Entrypoint, Cmd }))).toEqual(expected);
  },
);

test("the request's variables win, and its own keys keep ours out", () => {
  const settings = { PIP_INDEX_URL: "https://service.example" };
  expect(containerEnvironment(plan, { access, settings })).toMatchObject({
    AWS_ACCESS_KEY_ID: "ASIA",
    AWS_SESSION_TOKEN: "token",
    PIP_INDEX_URL: "https://service.example",
  });
  const own = containerEnvironment(
    {
      ...plan,
      environment: {
        AWS_ACCESS_KEY_ID: "AKIA",
        AWS_REGION: "eu-west-1",
        PIP_INDEX_URL: "https://request.example",
      },
    },
    { access, settings },
  );
  expect(own).toMatchObject({
    AWS_ACCESS_KEY_ID: "AKIA",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: access.endpoint,
    PIP_INDEX_URL: "https://request.example",
  });
  expect(own).not.toHaveProperty("AWS_SESSION_TOKEN");
  expect(
    Object.keys(containerEnvironment(plan, { access: null, settings })).filter((name) =>
      /KEY|TOKEN|ENDPOINT/.test(name),
    ),
  ).toEqual([]);
});

test("limits are the instance type's, as far as the daemon's machine has them, and the job is told", () => {
  const { HostConfig } = options({});
  expect(HostConfig).toMatchObject({
    Memory: 8 * GIB,
    MemorySwap: 8 * GIB,
    NanoCpus: 2e9,
    PidsLimit: 4096,
    ShmSize: 4 * GIB,
  });
  expect(shortfall(plan, traits)).toBe("of ml.m5.xlarge this machine gives 2 of 4 vCPUs, 8.0 of 16 GiB");
  expect(shortfall(plan, { ...traits, cpus: 8, memory: 64 * GIB })).toBeNull();
});

test("GPUs go to instance types that have them, where the daemon has", () => {
  const gpu = { instanceType: "ml.g4dn.xlarge" };
  expect(options(gpu).HostConfig?.DeviceRequests).toBeUndefined();
  expect(shortfall({ ...plan, ...gpu }, traits)).toContain("no GPU");
  expect(options(gpu, "net", { hasGpus: true }).HostConfig?.DeviceRequests).toMatchObject([{ Count: -1 }]);
  expect(options({}, "net", { hasGpus: true }).HostConfig?.DeviceRequests).toBeUndefined();
});

test("an isolated job has no network, or one where no name of others resolves", () => {
  expect(options({ networkIsolation: true }, null).HostConfig).toMatchObject({
    NetworkMode: "none",
    Dns: ["127.0.0.1"],
    ExtraHosts: ["algo-1:127.0.0.1"],
  });
  const two = options({ hosts: ["algo-1", "algo-2"] });
  expect(two.NetworkingConfig?.EndpointsConfig).toEqual({ net: { Aliases: ["algo-1"] } });
});
