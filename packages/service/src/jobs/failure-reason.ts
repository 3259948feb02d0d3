import { FieldmarkError } from "@fieldmark/contract";

/** Characters of FailureReason and ExitMessage, as the service model says. */
export const REASON_LENGTH = 1_024;

const GIB = 2 ** 30;
/** `ValueError: …`, `botocore.exceptions.ClientError: …`, `java.lang.IllegalStateException: …` */
const EXCEPTION =
  /^(?:Caused by: |Exception in thread "[^"]*" )?(?:[\w$]+\.)*[\w$]*(?:Error|Exception|Interrupt|Exit|Fault)\b/;

export interface ProgramFailure {
  readonly exitCode: number;
  readonly exitMessage: string | null;
  /** The last lines that are not blank, oldest first. */
  readonly lastLines: readonly string[];
  /** The limit that ended the program, in bytes of one instance. */
  readonly limit: { readonly of: "memory" | "disk"; readonly bytes: number } | null;
  /** It ran without a network. */
  readonly isolated: boolean;
}

/** What happened, and what of the request to change. */
const LIMIT_MET = {
  memory: (size: number) =>
    `out of memory: the instance used its limit of ${size} GiB; read less at a time, or ask for an InstanceType with more (up to 80 % of the machine counts)`,
  disk: (size: number) =>
    `disk full: the instance wrote more than its limit of ${size} GiB, or the most on a machine that has no space left; write less, ask for a greater VolumeSizeInGB, or free some space`,
} as const;

/** A signal's exit code that the service had no part in. */
const ENDED_FROM_OUTSIDE: Readonly<Record<number, string>> = {
  137: "killed by a signal (SIGKILL) that the service did not send: somebody killed it, Docker was restarted, or the machine ran out of memory",
  143: "ended by a signal (SIGTERM) that the service did not send: somebody ended it, or Docker was restarted",
};

const ISOLATED = "the job ran with network isolation, without a network and without keys";
/** What programs say that found no name, no way to an address, or no keys: of Python, Node, Java, Go, curl, git, boto3. */
const NO_NETWORK = new RegExp(
  [
    ...[
      "name resolution",
      "name or service not known",
      "nodename nor servname",
      "no such host",
      "resolve host",
    ],
    ...["EAI_AGAIN", "ENOTFOUND", "UnknownHostException", "NameResolutionError", "network is unreachable"],
    ...["ENETUNREACH", "connection refused", "ECONNREFUSED", "ConnectionError", "connect to the endpoint"],
    ...["failed to establish a new connection", "locate credentials", "could not load credentials"],
  ].join("|"),
  "i",
);

/** FailureReason of a program that ended with another code than 0. */
export function programFailure({
  exitCode,
  exitMessage,
  lastLines,
  limit: met,
  isolated,
}: ProgramFailure): string {
  const cause = met === null ? ENDED_FROM_OUTSIDE[exitCode] : LIMIT_MET[met.of](gib(met.bytes));
  const notes = [
    ...(cause === undefined ? [] : [cause]),
    ...(isolated && [exitMessage ?? "", ...lastLines].some((text) => NO_NETWORK.test(text))
      ? [ISOLATED]
      : []),
  ];
  const end = `, exit code: ${exitCode}`;
  const noted = notes.reduce((length, note) => length + note.length + "; ".length, 0);
  const room = REASON_LENGTH - "AlgorithmError: ".length - noted - end.length;
  const said = exitMessage === null ? lastUsefulLines(lastLines, room) : cut(exitMessage, room);
  return `AlgorithmError: ${[...notes, said].filter((part) => part !== "").join("; ")}${end}`;
}

/** FailureReason of anything else: the request's and its data's faults are the client's, the rest is ours. */
export function errorReason(error: unknown): string {
  const whose =
    error instanceof FieldmarkError && error.fault === "input" ? "ClientError" : "InternalServerError";
  const message = error instanceof Error ? error.message : String(error);
  return cut(`${whose}: ${message}`, REASON_LENGTH);
}

/**
 * As many of the last lines as fit. The line that names the exception always survives: where the lines after it leave no
 * room for it, they give way.
 */
function lastUsefulLines(lines: readonly string[], room: number): string {
  const chosen: string[] = [];
  let left = room;
  for (const line of lines.toReversed()) {
    if (line.length + 1 > left) break;
    chosen.unshift(line);
    left -= line.length + 1;
  }
  const named = lines.findLastIndex((line) => EXCEPTION.test(line));
  const isShown =
    named === -1 ? chosen.length > 0 || lines.length === 0 : named >= lines.length - chosen.length;
  if (isShown) return chosen.join("\n");
  return cut(lines.slice(named === -1 ? lines.length - 1 : named).join("\n"), room);
}

/** Not in the middle of a character of two code units. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, length - 1);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

const gib = (bytes: number) => Number((bytes / GIB).toFixed(2));
