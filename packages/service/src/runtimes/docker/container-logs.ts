import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as rest } from "node:timers/promises";
import type Docker from "dockerode";
import { isConflict, isNotFound, isUnreachable } from "./docker-errors.ts";
import { LogFrames } from "./log-frames.ts";
import { LogPosition, readPosition, writePosition } from "./log-position.ts";

/** Bytes of an instance's output that are kept. */
const OUTPUT_LIMIT = 4 * 2 ** 30;
/** Bytes that Docker keeps for us of one container; a line costs some 30 bytes more there. */
const DOCKER_LIMIT = 2 * OUTPUT_LIMIT;
/** ms until the container, the daemon or the disk is looked at again: doubled from the first to the last */
const RETRY = { first: 5, last: 2_000 } as const;
/** Times that a file that cannot be written is tried again once the program is gone: some ten seconds. */
const LAST_TRIES = 14;
/** Bytes after which the position is written down. */
const NOTE_EVERY = 2 ** 22;
/** From here on the driver `local` keeps the newline of lines longer than 16 KiB. */
const KEEPS_NEWLINES = 23;

export interface FollowOptions {
  /** The stream's file: output is appended to it. One follower at a time. */
  readonly file: string;
  /** A file for the position, so that a follower after a restart has little to read again. */
  readonly position: string;
  /** Ends following; another follower goes on where the file ends. */
  readonly signal: AbortSignal;
  /** Told of what is tried again. */
  readonly onProblem: (error: unknown) => void;
  /** bytes */
  readonly limit?: number;
}

/**
 * How a container's output is kept until it is in our file. The driver `local` keeps bytes as they are; `json-file`, for
 * daemons without it, puts U+FFFD in the place of what is no UTF-8. A program waits for a slow disk rather than lose a line;
 * what it prints beyond the limit takes the place of what it printed first.
 *
 * @param drivers log drivers of the daemon (`Plugins.Log` of its info)
 */
export function logConfig(
  drivers: readonly string[],
  limit: number = DOCKER_LIMIT,
): { readonly Type: string; readonly Config: Record<string, string> } {
  const isExact = drivers.includes("local");
  return {
    Type: isExact ? "local" : "json-file",
    Config: {
      mode: "blocking",
      "max-size": `${limit}b`,
      "max-file": "1",
      ...(isExact ? { compress: "false" } : {}),
    },
  };
}

/**
 * Appends what a container prints to a file, byte for byte, stdout and stderr in the order in which Docker has them. Goes on
 * where the file ends, nothing twice and nothing left out, whatever broke off before: the service, the connection, the
 * daemon. Where something is left out because of a limit, the file says so.
 *
 * Ends when the container has ended or is gone, and everything is written.
 *
 * @throws the signal's reason; the file's error where the program is gone and its output cannot be written
 */
export async function followContainerLogs(
  docker: Docker,
  containerId: string,
  options: FollowOptions,
): Promise<void> {
  const { signal, onProblem } = options;
  let pause: number = RETRY.first;
  let told = "";
  let lastTries = LAST_TRIES;
  while (!signal.aborted) {
    let state: ContainerState | null = null;
    try {
      state = await stateOf(docker, containerId);
      if (state.kind === "gone") return;
      if (state.kind !== "created") {
        const read = await readOn(docker, containerId, { ...options, losesNewlines: state.losesNewlines });
        // Only what is read after the end is sure to hold the last lines: a daemon that follows may leave them out.
        if (state.kind === "ended") return await sayWhatWasDropped(docker, containerId, options);
        if (read === "to the limit") await docker.getContainer(containerId).wait({ abortSignal: signal });
        if (read !== "nothing") pause = RETRY.first;
        told = "";
      }
    } catch (error) {
      if (signal.aborted) break;
      // removed meanwhile, or about to be: the next look tells
      const isGone = isNotFound(error) || isConflict(error);
      if (state?.kind === "ended" && !isGone && !isUnreachable(error) && --lastTries === 0) throw error;
      if (!isGone && told !== String(error)) onProblem(error);
      told = String(error);
    }
    await rest(pause, undefined, { signal }).catch(() => {
      // the loop's condition sees it
    });
    pause = Math.min(2 * pause, RETRY.last);
  }
  signal.throwIfAborted();
}

type ContainerState =
  | { readonly kind: "gone" }
  | { readonly kind: "created" }
  | { readonly kind: "running" | "ended"; readonly losesNewlines: boolean };

async function stateOf(docker: Docker, containerId: string): Promise<ContainerState> {
  try {
    const { State, HostConfig } = await docker.getContainer(containerId).inspect();
    if (State.Status === "created") return { kind: "created" };
    if (State.Dead || State.Status === "removing") return { kind: "gone" };
    const losesNewlines =
      HostConfig.LogConfig?.Type === "local" &&
      Number.parseInt((await docker.version()).Version, 10) < KEEPS_NEWLINES;
    return { kind: State.Running || State.Restarting ? "running" : "ended", losesNewlines };
  } catch (error) {
    if (isNotFound(error)) return { kind: "gone" };
    throw error;
  }
}

/** Reads from the file's end on until the daemon has no more. */
async function readOn(
  docker: Docker,
  containerId: string,
  options: FollowOptions & { readonly losesNewlines: boolean },
): Promise<"to the end" | "to the limit" | "nothing"> {
  const { file, position, signal, limit = OUTPUT_LIMIT } = options;
  const output = await openToAppend(file);
  try {
    const { size } = await output.stat();
    if (size >= limit) return "to the limit";
    const at = (await readPosition(position, { size })) ?? new LogPosition();
    const { since, before } = at.noted;
    const place: Place = { skip: size - before, room: limit - size };
    const frames = new LogFrames(options);
    let unnoted = 0;
    for await (const chunk of await logStream(docker, containerId, { since, signal })) {
      const fresh: Buffer[] = [];
      for (const frame of frames.read(chunk)) {
        at.add(frame);
        take(frame.bytes, place, fresh);
      }
      at.begin(frames.first);
      await output.appendFile(Buffer.concat(fresh));
      if (place.room === 0) {
        await output.appendFile(
          `\nfieldmark: this output is longer than ${limit} bytes; the rest is not kept\n`,
        );
        return "to the limit";
      }
      unnoted += chunk.length;
      if (unnoted < NOTE_EVERY || !at.settle()) continue;
      await writePosition(position, at.noted);
      unnoted = 0;
    }
    return frames.first === null ? "nothing" : "to the end";
  } finally {
    await output.close();
  }
}

/** A program that printed faster than it was followed, far beyond what Docker keeps: the gap is somewhere above. */
async function sayWhatWasDropped(
  docker: Docker,
  containerId: string,
  { file, position, signal }: FollowOptions,
): Promise<void> {
  const at = await readPosition(position, { size: Number.POSITIVE_INFINITY });
  if (at === null) return; // short enough to be whole
  const frames = new LogFrames({ losesNewlines: false });
  for await (const chunk of await logStream(docker, containerId, { since: 0, signal })) {
    frames.read(chunk);
    if (frames.first !== null) break;
  }
  if (frames.first === null || frames.first === at.noted.first) return;
  const output = await openToAppend(file);
  try {
    await output.appendFile(
      "\nfieldmark: parts of this output are missing: it was printed faster than Docker could hand it over\n",
    );
  } finally {
    await output.close();
  }
}

async function logStream(
  docker: Docker,
  containerId: string,
  { since, signal }: { readonly since: number; readonly signal: AbortSignal },
): Promise<AsyncIterable<Buffer>> {
  const stream = await docker.getContainer(containerId).logs({
    follow: true,
    stdout: true,
    stderr: true,
    timestamps: true,
    since,
    abortSignal: signal,
  });
  return stream as NodeJS.ReadableStream as AsyncIterable<Buffer>;
}

function openToAppend(file: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  return open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

interface Place {
  /** bytes that the file has already */
  skip: number;
  /** bytes until the limit */
  room: number;
}

function take(bytes: Buffer, place: Place, fresh: Buffer[]): void {
  const skipped = Math.min(place.skip, bytes.length);
  place.skip -= skipped;
  const taken = bytes.subarray(skipped, skipped + place.room);
  place.room -= taken.length;
  if (taken.length > 0) fresh.push(taken);
}
