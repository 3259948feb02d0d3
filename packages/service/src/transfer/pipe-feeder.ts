import { execFile, spawn } from "node:child_process";
import { lchown, link, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectRef, ObjectStore } from "@fieldmark/object-store";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { hasCode, placeFiles } from "./place-files.ts";

/*
 * A Pipe input is fed by a shell of its own, which lives on when the service is killed. It reads links to the objects
 * and writes to a second link of the FIFO, both in the instance's transfer folder: what the program does to the FIFO's
 * path in /opt/ml leads it nowhere. `pid` names the shell, made by it alone and once, before it closes its stdout; `failed`
 * the object at which decompression ended. A program that closes its end early ends it by SIGPIPE.
 */
const FEEDER = `
set -C
echo $$ > "$1/pid" || exit
exec >&-
exec > "$1/fifo"
for object in "$1"/objects/*; do
  if [ "$2" = Gzip ]; then gzip -dc < "$object"; else cat < "$object"; fi
  status=$?
  # gzip's 2 is a warning; 141 is SIGPIPE.
  case $status in 0|2) ;; 141) exit ;; *) echo "$object" > "$1/failed"; exit ;; esac
done`;
const PATH = "/usr/local/bin:/usr/bin:/bin";
const GZIP_MAGIC = [0x1f, 0x8b] as const;

export interface PipeInput {
  /** Names the input's folder among the instance's: its place in the request. */
  readonly number: number;
  readonly inputName: string;
  readonly compression: "None" | "Gzip";
  /** In the order in which they flow. */
  readonly objects: readonly ObjectRef[];
  /** On this machine; what is above it exists. */
  readonly fifo: string;
}

/**
 * Makes the FIFO and starts its feeder.
 *
 * @throws INPUT_NOT_GZIP when an object of a Gzip input does not begin as gzip
 */
export async function startFeeder(
  store: ObjectStore,
  input: PipeInput,
  { folder, signal }: { readonly folder: InstanceFolder; readonly signal: AbortSignal },
): Promise<void> {
  const pipe = pipeFolder(folder, input.number);
  await stopFeeder(pipe);
  await rm(pipe, { recursive: true, force: true });
  await rm(input.fifo, { force: true });
  await mkdir(join(pipe, "objects"), { recursive: true, mode: 0o700 });
  const files = input.objects.map((object, index) => ({ object, path: String(index).padStart(12, "0") }));
  await placeFiles(store, files, { root: join(pipe, "objects"), owner: null, mayLink: () => true, signal });
  const uris = input.objects.map(({ bucket, key }) => `s3://${bucket}/${key}`);
  if (input.compression === "Gzip") {
    for (const [index, { path }] of files.entries()) {
      signal.throwIfAborted();
      if (!(await isGzip(join(pipe, "objects", path)))) throw notGzip(input.inputName, uris[index] ?? "");
    }
  }
  await writeFile(join(pipe, "input.json"), JSON.stringify({ inputName: input.inputName, uris }));
  await promisify(execFile)("mkfifo", ["-m", "600", join(pipe, "fifo")]);
  if (folder.owner !== null) await lchown(join(pipe, "fifo"), folder.owner.uid, folder.owner.gid);
  await link(join(pipe, "fifo"), input.fifo);
  signal.throwIfAborted();
  await start(pipe, input.compression);
}

/**
 * Ends all feeders of an instance.
 *
 * @throws INPUT_NOT_GZIP when one broke off because an object could not be decompressed
 */
export async function stopFeeders(folder: InstanceFolder): Promise<void> {
  const names = await readdir(folder.transfer).catch(absent<string[]>([]));
  const pipes = names.filter((name) => name.startsWith("pipe-")).map((name) => join(folder.transfer, name));
  for (const pipe of pipes) await stopFeeder(pipe);
  for (const pipe of pipes) await checkFeeder(pipe);
}

function pipeFolder(folder: InstanceFolder, number: number): string {
  return join(folder.transfer, `pipe-${number}`);
}

function start(pipe: string, compression: string): Promise<void> {
  const feeder = spawn("/bin/sh", ["-c", FEEDER, "fieldmark-feeder", pipe, compression], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    cwd: dirname(pipe),
    env: { PATH },
  });
  feeder.unref();
  return new Promise((resolve, reject) => {
    feeder.once("error", reject);
    // Only a feeder that has named itself can be stopped.
    feeder.stdout.resume().once("close", resolve);
  });
}

async function stopFeeder(pipe: string): Promise<void> {
  const pid = Number(await readFile(join(pipe, "pid"), "utf8").catch(absent("")));
  // The pid may have become another process since; a feeder's own command names its folder.
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await commandOf(pid)).includes(pipe)) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === "linux") return await readFile(`/proc/${pid}/cmdline`, "utf8").catch(absent(""));
  // ps exits with 1 when there is no such process.
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(
    () => ({
      stdout: "",
    }),
  );
  return stdout;
}

async function checkFeeder(pipe: string): Promise<void> {
  const failed = await readFile(join(pipe, "failed"), "utf8").catch(absent(null));
  if (failed === null) return;
  const { inputName, uris } = JSON.parse(await readFile(join(pipe, "input.json"), "utf8")) as {
    inputName: string;
    uris: readonly string[];
  };
  throw notGzip(inputName, uris[Number(failed.slice(failed.lastIndexOf("/") + 1))] ?? "");
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
  } finally {
    await file.close();
  }
}

function notGzip(inputName: string, uri: string): FieldmarkError {
  return new FieldmarkError(
    "INPUT_NOT_GZIP",
    `The object at S3 URL "${uri}" of input "${inputName}" is not gzip, or damaged.`,
    { inputName, uri },
  );
}

function absent<T>(value: T): (error: unknown) => T {
  return (error) => {
    // ESRCH: a process that ended while its /proc entry was read.
    if (hasCode(error, "ENOENT") || hasCode(error, "ESRCH")) return value;
    throw error;
  };
}
