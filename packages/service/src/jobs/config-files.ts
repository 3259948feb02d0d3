import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CONTAINER_PATHS } from "@fieldmark/contract";
import type { InstanceFolder, Runtime } from "../runtimes/runtime.ts";
import { belowMl } from "../transfer/container-path.ts";
import type { RunPlan } from "./run-plan.ts";

/** The interface whose addresses the names `algo-N` have. */
const NETWORK_INTERFACE = {
  process: "lo",
  fake: "lo",
  docker: "eth0",
  kubernetes: "eth0",
} as const satisfies Record<Runtime["name"], string>;
/** SageMaker's name of the only group that a processing job has. */
const GROUP = "homogeneousCluster";

/** What SageMaker puts into /opt/ml/config of one instance: the job, and who its instances are. */
export function configFiles(
  plan: RunPlan,
  host: string,
  runtime: Runtime["name"],
): ReadonlyMap<string, unknown> {
  const { hosts, instanceType } = plan;
  return new Map<string, unknown>([
    [CONTAINER_PATHS.processingJobConfig, plan.processingJobConfig],
    [
      CONTAINER_PATHS.resourceConfig,
      {
        current_host: host,
        current_instance_type: instanceType,
        current_group_name: GROUP,
        hosts,
        instance_groups: [{ instance_group_name: GROUP, instance_type: instanceType, hosts }],
        network_interface_name: NETWORK_INTERFACE[runtime],
      },
    ],
  ]);
}

/** Writes them before the program starts: nobody else has been in the folder yet. */
export async function writeConfigFiles(
  plan: RunPlan,
  folder: InstanceFolder,
  runtime: Runtime["name"],
): Promise<void> {
  await Promise.all(
    [...configFiles(plan, folder.host, runtime)].map(([path, content]) =>
      writeFile(join(folder.ml, belowMl(path)), JSON.stringify(content), { mode: 0o644 }),
    ),
  );
}
