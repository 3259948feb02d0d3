import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type Command, Option } from "commander";
import envPaths from "env-paths";
import type { CliContext } from "./context.ts";

/** One setting of the service: its flag, its variable, and what it is when neither is given. */
interface Setting<Value> {
  readonly flag: string;
  readonly env: string;
  readonly help: string;
  /** As it would be typed. */
  readonly fallback: () => string;
  /** As the help shows the fallback; the fallback itself where this is left out. */
  readonly fallbackWords?: string;
  /** @returns null when the text is none of its values */
  readonly parse: (text: string, cwd: string) => Value | null;
  /** What `parse` takes, for the error. */
  readonly expected: string;
}

const setting = <Value>(one: Setting<Value>): Setting<Value> => one;

/** Every setting of the service. Flags, variables, `--help` and docs/commands.md are all read from here. */
export const SETTINGS = {
  data: setting({
    flag: "--data <folder>",
    env: "FIELDMARK_DATA",
    help: "folder of the service's keys, jobs, objects and logs",
    fallback: () => envPaths("fieldmark", { suffix: "" }).data,
    fallbackWords: "fieldmark in the user's data folder",
    parse: (text, cwd) => (text === "" ? null : resolve(cwd, text)),
    expected: "a folder",
  }),
  listen: setting({
    flag: "--listen <host:port>",
    env: "FIELDMARK_LISTEN",
    help: "where the service listens",
    fallback: () => "127.0.0.1:4599",
    parse: parseAddress,
    expected: "host:port",
  }),
  runtime: setting({
    flag: "--runtime <name>",
    env: "FIELDMARK_RUNTIME",
    help: "where instances run: auto (docker where a daemon answers), process, docker",
    fallback: () => "auto",
    // the service is not loaded for its words: most commands do without it
    parse: (text) => (text === "auto" || text === "process" || text === "docker" ? text : null),
    expected: "auto, process or docker",
  }),
  pull: setting({
    flag: "--pull <when>",
    env: "FIELDMARK_PULL",
    help: "docker: when images are pulled: missing, always, never",
    fallback: () => "missing",
    parse: (text) => (text === "missing" || text === "always" || text === "never" ? text : null),
    expected: "missing, always or never",
  }),
  maxInstances: setting({
    flag: "--max-instances <n>",
    env: "FIELDMARK_MAX_INSTANCES",
    help: "instances that run at once",
    fallback: () => String(Math.max(4, 2 * availableParallelism())),
    fallbackWords: "4, or twice the cores where that is more",
    parse: wholeNumber(1, 10_000),
    expected: "an integer from 1 to 10000",
  }),
  retention: setting({
    flag: "--retention <days>",
    env: "FIELDMARK_RETENTION",
    help: "how long finished jobs and their logs are kept, days",
    fallback: () => "90",
    parse: wholeNumber(1, 36_500),
    expected: "an integer from 1 to 36500",
  }),
  region: setting({
    flag: "--region <name>",
    env: "FIELDMARK_REGION",
    help: "the region that the service is",
    fallback: () => "us-east-1",
    parse: (text) => (/^[a-z]{2}(-[a-z]+)+-\d$/.test(text) ? text : null),
    expected: "a region such as us-east-1",
  }),
};

export type SettingName = keyof typeof SETTINGS;
type ValueOf<Name extends SettingName> = NonNullable<ReturnType<(typeof SETTINGS)[Name]["parse"]>>;
export type Flags = Readonly<Partial<Record<SettingName, string>>>;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Adds the flags of these settings to a command. */
export function settingOptions(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, env, help, fallback, fallbackWords } = SETTINGS[name];
    command.addOption(new Option(flag, `${help} (default: ${fallbackWords ?? fallback()}; or ${env})`));
  }
  return command;
}

/**
 * The value of a setting: its flag, else its variable, else its fallback.
 *
 * @throws USAGE
 */
export function readSetting<Name extends SettingName>(
  name: Name,
  flags: Flags,
  { env, cwd }: CliContext,
): ValueOf<Name> {
  const { flag, env: variable, fallback, parse, expected } = SETTINGS[name] as Setting<ValueOf<Name>>;
  const fromEnv = env[variable] === "" ? undefined : env[variable];
  const value = parse(flags[name] ?? fromEnv ?? fallback(), cwd);
  if (value !== null) return value;
  const [source, text] =
    flags[name] === undefined ? [variable, fromEnv] : [flag.split(" ", 1)[0], flags[name]];
  throw new FieldmarkError("USAGE", `${source} is "${text}", expected ${expected}`);
}

/** The address as clients on this machine write it. */
export function urlOf({ host, port }: Address): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function parseAddress(text: string): Address | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

function wholeNumber(low: number, high: number): (text: string) => number | null {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= low && value <= high ? value : null;
  };
}
