import { randomInt } from "node:crypto";
import { join } from "node:path";
import { type CredentialLookup, FieldmarkError } from "@fieldmark/contract";
import { FolderStore } from "@fieldmark/object-store";
import { createDispatch, type Dispatch } from "./api/dispatch.ts";
import { createHttpServer, httpUrl, listen } from "./api/http-server.ts";
import { addressElsewhere, JobListener } from "./api/job-listener.ts";
import { createNextTokens } from "./api/next-token.ts";
import type { Identity } from "./api/operation.ts";
import { iamOperations, stsOperations } from "./api/operations/identity.ts";
import { logsOperations } from "./api/operations/logs.ts";
import { sageMakerOperations } from "./api/operations/sagemaker.ts";
import { credentialLookup, jobsOnly } from "./credentials.ts";
import { makeDataFolder, type OwnerKeys, ownerKeys } from "./data-folder.ts";
import { Disposables } from "./disposables.ts";
import { Environments } from "./environments/environments.ts";
import { evaluatorProgram } from "./environments/evaluator-program.ts";
import { lockFolder } from "./folder-lock.ts";
import type { PullPolicy } from "./images/images.ts";
import { Controller } from "./jobs/controller.ts";
import { Logs } from "./logs/logs.ts";
import type { RuntimeDescription } from "./runtime-description.ts";
import { openRuntime } from "./runtimes/open-runtime.ts";
import type { RuntimeChoice } from "./runtimes/runtime-choice.ts";
import { createStorageServer } from "./storage-server/storage-server.ts";
import { openSqliteJobStore } from "./store/sqlite/sqlite-job-store.ts";
import { storeTransfer } from "./transfer/store-transfer.ts";

/** The account that ARNs name. */
const ACCOUNT_ID = "123456789012";
/** Who leases jobs: the one service of a data folder, before and after a restart. */
const OWNER = "service";
/** ms */
const DAY = 86_400_000;

export interface ServiceOptions {
  /** Made when absent; one service a folder. */
  readonly dataFolder: string;
  /** Port 0: one that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** `auto`: containers where a Docker daemon answers, else processes. */
  readonly runtime: RuntimeChoice;
  /** When an image is pulled; `missing` where it is not given. */
  readonly pull?: PullPolicy;
  /** Instances that run at once. */
  readonly maxInstances: number;
  readonly retentionDays: number;
  readonly region: string;
  /** The surroundings: settings of certificates and of pip are taken from them, nothing else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line's own file, which the built-in evaluator's jobs run; null where there is none. */
  readonly evaluatorScript: string | null;
  /** Told of problems that no client sees. */
  readonly log: (text: string) => void;
  readonly now?: () => Date;
}

export interface Service extends AsyncDisposable {
  /** As clients on this machine reach it. */
  readonly url: string;
  readonly keys: OwnerKeys;
  readonly region: string;
  readonly runtime: RuntimeDescription;
  /** Stops listening and leaves running jobs, which the next start finds. */
  close(): Promise<void>;
}

/**
 * Puts the parts together and starts them: data folder → stores → runtime → server → controller.
 *
 * @throws DATA_IN_USE, DATA_BROKEN, STORE_TOO_NEW, LISTEN_FAILED
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const parts = new Disposables();
  try {
    return await start(options, parts);
  } catch (error) {
    await parts.dispose();
    throw error;
  }
}

async function start(options: ServiceOptions, parts: Disposables): Promise<Service> {
  const { dataFolder, region, maxInstances, env, log, now = () => new Date() } = options;
  const nowMs = () => now().getTime();
  const closing = new AbortController();
  parts.add(() => closing.abort(new Error("the service ends")));
  const onProblem = (error: unknown, jobName: string | null = null) =>
    log(`problem${jobName === null ? "" : ` of job ${jobName}`}: ${describe(error)}`);
  const onDefect = (error: unknown, request: string) => {
    const kind = error instanceof FieldmarkError && error.fault === "environment" ? "problem" : "bug";
    log(`${kind}: ${request}: ${describe(error)}`);
  };

  await makeDataFolder(dataFolder);
  parts.use(await lockFolder(dataFolder));
  const keys = await ownerKeys(dataFolder);
  const store = parts.use(await FolderStore.open(dataFolder, { now }));
  const jobs = parts.use(openSqliteJobStore(join(dataFolder, "fieldmark.sqlite"), { random: randomInt }));
  const logsFolder = join(dataFolder, "logs");
  const logs = parts.use(await Logs.open(logsFolder, { now: nowMs, onProblem }));
  const evaluator =
    options.evaluatorScript === null
      ? null
      : await evaluatorProgram(options.evaluatorScript, process.execPath);
  const environments = new Environments(dataFolder, { evaluator, env });
  const { runtime, description, docker, machine } = await openRuntime({
    choice: options.runtime,
    dataFolder,
    logsFolder,
    environments,
    pull: options.pull ?? "missing",
    env,
    signal: closing.signal,
    onProblem,
  });

  parts.add(() => docker?.close());

  let controller: Controller | null = null;
  const wake = () => controller?.wake();
  const operations = new Map([
    ...sageMakerOperations({
      jobs,
      maxInstances,
      nextTokens: createNextTokens(keys.secretAccessKey),
      wake,
      trouble: () => docker?.trouble ?? null,
    }),
    ...logsOperations({ logs }),
    ...stsOperations(),
    ...iamOperations(),
  ]);
  const dispatchFor = (lookup: CredentialLookup<Identity>): Dispatch =>
    createDispatch({
      operations,
      storageServer: createStorageServer({
        store,
        lookup,
        // a job's program must not read through the service what its sandbox keeps from it
        mayNameFiles: ({ kind }) => kind === "owner",
        region,
        now,
        onDefect,
      }),
      lookup,
      region,
      accountId: ACCOUNT_ID,
      health: () => ({ service: "fieldmark", region, runtime: runtime.name, copySources: ["s3", "file"] }),
      now,
      onDefect,
    });
  const lookup = credentialLookup(keys, jobs);
  const server = createHttpServer(dispatchFor(lookup), onDefect);
  const port = await listen(server, options.listen);
  const url = urlOf(options.listen.host, port);
  parts.add(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const jobListener =
    docker === null
      ? null
      : parts.use(
          new JobListener({
            gateway: async () => (await docker.serviceNetwork()).gateway,
            dispatch: dispatchFor(jobsOnly(lookup)),
            portFile: join(dataFolder, "jobs-port"),
            elsewhere: addressElsewhere({ host: options.listen.host, port }),
            onDefect,
            onProblem,
          }),
        );
  // jobs that ran on meanwhile look for it already
  jobListener?.endpoint().catch((error: unknown) => {
    if (!closing.signal.aborted) onProblem(error);
  });

  const transfer = storeTransfer(store, { onProblem, elapsed: () => performance.now() });
  controller = new Controller({
    store: jobs,
    owner: OWNER,
    runtime,
    transfer,
    logs,
    endpoint: async () => (jobListener === null ? url : await jobListener.endpoint()),
    settings: { region, machineMemory: machine.memory, machineCpus: machine.cpus },
    maxInstances,
    retention: options.retentionDays * DAY,
    now: nowMs,
    onProblem,
  });
  parts.add(async () => {
    const closed = controller?.close();
    // only then: a wait for the daemon that ends says nothing of its job
    closing.abort(new Error("the service ends"));
    await closed;
  });
  controller.start();

  const close = () => parts.dispose();
  return { url, keys, region, runtime: description, close, [Symbol.asyncDispose]: close };
}

/** An address that clients on this machine can use, where the service listens on all of its own. */
function urlOf(host: string, port: number): string {
  return httpUrl(host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port);
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
