import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** A command of `fieldmark`: its file is loaded only when it is called, so that every command starts fast. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<(context: CliContext) => Command>;
}

/** Every command, in the order of `fieldmark --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "evaluate",
    summary: "run a model over a labelled test set and write measures and a report",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  {
    name: "serve",
    summary: "serve SageMaker Processing, S3 and logs on this machine",
    load: async () => (await import("./commands/serve.ts")).serveCommand,
  },
  {
    name: "env",
    summary: "print the variables that point AWS clients at the service",
    load: async () => (await import("./commands/env.ts")).envCommand,
  },
  {
    name: "jobs",
    summary: "run processing jobs and look after them",
    load: async () => (await import("./commands/jobs.ts")).jobsCommand,
  },
  {
    name: "s3",
    summary: "list and copy objects of the service's store",
    load: async () => (await import("./commands/s3.ts")).s3Command,
  },
  {
    name: "report",
    summary: "recompute measures and report from saved predictions",
    load: async () => (await import("./commands/report.ts")).reportCommand,
  },
  {
    name: "predict",
    summary: "run raw tensors (.npy) through a model",
    load: async () => (await import("./commands/predict.ts")).predictCommand,
  },
  {
    name: "preprocess",
    summary: "turn pictures into the tensor that a recipe makes of them (.npy)",
    load: async () => (await import("./commands/preprocess.ts")).preprocessCommand,
  },
  {
    name: "model",
    summary: "show what a model file holds",
    load: async () => (await import("./commands/model.ts")).modelCommand,
  },
  {
    name: "prepare",
    summary: "make a labelled dataset ready: CUB-200-2011",
    load: async () => (await import("./commands/prepare.ts")).prepareCommand,
  },
  {
    name: "samples",
    summary: "draw the sample birds",
    load: async () => (await import("./commands/samples.ts")).samplesCommand,
  },
  {
    name: "cache",
    summary: "show or clear the cache of imported models",
    load: async () => (await import("./commands/cache.ts")).cacheCommand,
  },
  {
    name: "images",
    summary: "list and build container images, let them stand in for others",
    load: async () => (await import("./commands/images.ts")).imagesCommand,
  },
  {
    name: "environments",
    summary: "add, list and remove what stands in for container images",
    load: async () => (await import("./commands/environments.ts")).environmentsCommand,
  },
  {
    name: "doctor",
    summary: "say what this machine can run, and how to get what it lacks",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
];
