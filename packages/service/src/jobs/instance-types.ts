/** What an instance type has. */
export interface InstanceSize {
  readonly vcpus: number;
  readonly memoryGiB: number;
}

/**
 * GiB of memory for each vCPU of a family's sizes. Source: the pages "Amazon EC2 instance types" of each family; of `g7`
 * nothing was published when this was written, so it counts as `g6`.
 */
const GIB_PER_VCPU = {
  m5: 4,
  m6i: 4,
  m7i: 4,
  "m7i-flex": 4,
  m8i: 4,
  "m8i-flex": 4,
  c5: 2,
  c6i: 2,
  c7i: 2,
  "c7i-flex": 2,
  c8i: 2,
  "c8i-flex": 2,
  r5: 8,
  r5d: 8,
  r6i: 8,
  r7i: 8,
  r8i: 8,
  "r8i-flex": 8,
  m4: 4,
  c4: 1.875,
  t3: 4,
  g4dn: 4,
  g5: 4,
  g6: 4,
  g6e: 8,
  g7: 4,
  g7e: 8,
} as const satisfies Record<string, number>;

/** vCPUs and GiB of the sizes that do not follow their family. Same source. */
const EXCEPTIONS = {
  "t3.medium": [2, 4],
  "c4.8xlarge": [36, 60],
  "g7e.12xlarge": [48, 512],
  "g7e.24xlarge": [96, 1024],
  "g7e.48xlarge": [192, 2048],
  "p2.xlarge": [4, 61],
  "p2.8xlarge": [32, 488],
  "p2.16xlarge": [64, 732],
  "p3.2xlarge": [8, 61],
  "p3.8xlarge": [32, 244],
  "p3.16xlarge": [64, 488],
  "p5.4xlarge": [16, 256],
} as const satisfies Record<string, readonly [vcpus: number, memoryGiB: number]>;

const exceptions: ReadonlyMap<string, readonly [number, number]> = new Map(Object.entries(EXCEPTIONS));
const ratios: ReadonlyMap<string, number> = new Map(Object.entries(GIB_PER_VCPU));

/** What `ml.<family>.<size>` has; null for a type that this version does not know. */
export function instanceSize(type: string): InstanceSize | null {
  const match = /^ml\.((?<family>[a-z0-9-]+)\.(?<size>large|(?<times>\d*)xlarge|medium))$/.exec(type);
  const name = match?.[1];
  if (match?.groups === undefined || name === undefined) return null;
  const exception = exceptions.get(name);
  if (exception !== undefined) return { vcpus: exception[0], memoryGiB: exception[1] };
  const { family = "", size, times = "" } = match.groups;
  const ratio = ratios.get(family);
  if (ratio === undefined || size === "medium") return null;
  const vcpus = size === "large" ? 2 : 4 * (times === "" ? 1 : Number(times));
  return { vcpus, memoryGiB: vcpus * ratio };
}
