import { chmod, copyFile, mkdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { basename, isAbsolute, join, resolve } from "node:path";
import type Docker from "dockerode";
import { isForJobs, jobSettings, PATHS_APART } from "../job-settings.ts";
import { type PipConf, readPipConf, writePipConf } from "./pip-conf.ts";

/** Where a container has the files that its settings name. */
const SETTINGS = "/etc/fieldmark";
const PIP_CONF = "pip.conf";
/** pip's settings of the whole machine. */
const MACHINE_PIP_CONF = "/etc/pip.conf";
/** A word that is an address on loopback, with or without `http://user@`. */
const LOOPBACK = /^(?:[a-z+]+:\/\/)?(?:[^/@]*@)?(?:localhost|127(?:\.\d+){3}|\[::1\])(?=[:/]|$)/i;
const ABSENT = new Set(["ENOENT", "ENOTDIR"]);

/** Settings of certificates and pip as containers get them. */
export interface ContainerSettings {
  readonly variables: Readonly<Record<string, string>>;
  /** Files and folders of this machine, by their names below `SETTINGS`. */
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, string>;
  /** The file `pip.conf` below `SETTINGS`; null where there is none. */
  readonly pipConf: string | null;
  /** What containers do not get and why, a line each, without the settings' values: they may hold passwords. */
  readonly leftOut: readonly string[];
}

/**
 * The settings that `jobSettings` finds, with the places where a container has what they name. Of pip's files one is made,
 * for they too name files of this machine.
 *
 * @param binds the daemon can show folders of this machine; they are left out where it cannot
 */
export async function containerSettings(
  env: Readonly<Record<string, string | undefined>>,
  { binds, machinePipConf = MACHINE_PIP_CONF }: { readonly binds: boolean; readonly machinePipConf?: string },
): Promise<ContainerSettings> {
  const { PIP_CONFIG_FILE: ownPipConf, ...given } = await jobSettings(env);
  const hasBundle = given.SSL_CERT_FILE !== undefined;
  const translation = new Translation(binds);
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === "SSL_CERT_DIR") {
      // its files are links into folders that a container does not have
      if (!hasBundle)
        translation.leaveOut(name, "a container gets certificates as a file: set SSL_CERT_FILE");
      continue;
    }
    const translated = await translation.translate(name, value);
    if (translated !== null) variables[name] = translated;
  }
  // pip reads no file at all where this names the null device
  if (ownPipConf === "/dev/null")
    return translation.result({ ...variables, PIP_CONFIG_FILE: ownPipConf }, "");
  const confs: PipConf[] = [];
  for (const path of [machinePipConf, ...(ownPipConf === undefined ? [] : [ownPipConf])]) {
    const text = await translation.read(path);
    if (text !== null) confs.push(await translation.translateConf(readPipConf(text)));
  }
  const pipConf = writePipConf(confs);
  return translation.result(
    pipConf === "" ? variables : { ...variables, PIP_CONFIG_FILE: `${SETTINGS}/${PIP_CONF}` },
    pipConf,
  );
}

/** False where variables are all there is. */
export function hasFiles({ files, folders, pipConf }: ContainerSettings): boolean {
  return files.size > 0 || folders.size > 0 || pipConf !== null;
}

/** Puts what a container gets of the settings' files into a folder that stands for the container's `/`. */
export async function stageSettings(
  { files, folders, pipConf }: ContainerSettings,
  root: string,
): Promise<void> {
  const folder = join(root, SETTINGS);
  await mkdir(folder, { recursive: true });
  await chmod(join(root, "etc"), 0o755);
  // the image's user, whoever that is, reads them, whatever this service's umask
  const write = async (name: string, mode: number, make: (path: string) => Promise<unknown>) => {
    await make(join(folder, name));
    await chmod(join(folder, name), mode);
  };
  await Promise.all([
    chmod(folder, 0o755),
    ...[...files].map(([name, source]) => write(name, 0o644, (path) => copyFile(source, path))),
    ...[...folders.keys()].map((name) => write(name, 0o755, (path) => mkdir(path, { recursive: true }))),
    ...(pipConf === null ? [] : [write(PIP_CONF, 0o644, (path) => writeFile(path, pipConf))]),
  ]);
}

/** Shows what `stageSettings` put there, and the folders that settings name. */
export function settingsMounts({ folders }: ContainerSettings, root: string): Docker.MountSettings[] {
  const show = (source: string, target: string): Docker.MountSettings => ({
    Type: "bind",
    Source: source,
    Target: target,
    ReadOnly: true,
  });
  return [
    show(join(root, SETTINGS), SETTINGS),
    ...[...folders].map(([name, source]) => show(source, `${SETTINGS}/${name}`)),
  ];
}

class Translation {
  readonly #binds: boolean;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  readonly #leftOut: string[] = [];

  constructor(binds: boolean) {
    this.#binds = binds;
  }

  result(variables: Readonly<Record<string, string>>, pipConf: string): ContainerSettings {
    return {
      variables,
      files: this.#files,
      folders: this.#folders,
      pipConf: pipConf === "" ? null : pipConf,
      leftOut: this.#leftOut,
    };
  }

  leaveOut(setting: string, why: string): void {
    this.#leftOut.push(`the container does not get ${setting}: ${why}`);
  }

  /** The value with the container's places in it; null where nothing is left of it. */
  async translate(setting: string, value: string): Promise<string | null> {
    let left = value;
    const words = value.split(/\s+/);
    const reachable = words.filter((word) => !LOOPBACK.test(word));
    if (reachable.length < words.length) {
      this.leaveOut(setting, "it names a loopback address, which in a container is its own");
      left = reachable.join(" ");
      if (left === "") return null;
    }
    let translated = "";
    for (const part of left.split(new RegExp(`(${PATHS_APART.source})`))) {
      const place = isAbsolute(part) ? await this.#placeOf(setting, part) : part;
      if (place === null) return null;
      translated += place;
    }
    return translated;
  }

  async translateConf(conf: PipConf): Promise<PipConf> {
    const sections = new Map<string, ReadonlyMap<string, string>>();
    for (const [section, settings] of conf) {
      const kept = new Map<string, string>();
      for (const [key, value] of settings) {
        if (!isForJobs(`PIP_${key.toUpperCase().replaceAll("-", "_")}`)) continue;
        const translated = await this.translate(`${key} of pip's settings`, value);
        if (translated !== null) kept.set(key, translated);
      }
      if (kept.size > 0) sections.set(section, kept);
    }
    return sections;
  }

  /** Text of a settings file; null where there is none for jobs. */
  async read(path: string): Promise<string | null> {
    const found = await stat(path).catch(nullWhereAbsent);
    if (found === null || !found.isFile() || !this.#mayBeRead(path, found.mode)) return null;
    return await readFile(path, "utf8");
  }

  /** The path as it is where this machine has nothing to show there, such as in the middle of an address. */
  async #placeOf(setting: string, word: string): Promise<string | null> {
    const path = resolve(word);
    const source = path === "/" ? null : await realpath(path).catch(nullWhereAbsent);
    if (source === null) return word;
    const { mode, ...found } = await statOf(source);
    // of `file:///wheels` the last slash is the path's
    const before = word.startsWith("///") ? "//" : "";
    if (found.isFile)
      return this.#mayBeRead(setting, mode) ? before + nameIn(this.#files, source, this.#folders) : null;
    if (!found.isFolder) return word;
    if (this.#binds) return before + nameIn(this.#folders, source, this.#files);
    this.leaveOut(setting, "it names a folder, which the daemon's machine does not have");
    return null;
  }

  /** Jobs of a service that root runs are not root's: what root alone may read is not theirs, in containers neither. */
  #mayBeRead(setting: string, mode: number): boolean {
    if (process.getuid?.() !== 0 || (mode & 0o004) !== 0) return true;
    this.leaveOut(setting, "others than its owner may not read that file");
    return false;
  }
}

async function statOf(path: string): Promise<{ mode: number; isFile: boolean; isFolder: boolean }> {
  const found = await stat(path);
  return { mode: found.mode, isFile: found.isFile(), isFolder: found.isDirectory() };
}

/** The place of a file or folder, which keeps its name unless another one has it. */
function nameIn(sources: Map<string, string>, source: string, others: ReadonlyMap<string, string>): string {
  const [known] = [...sources].find(([, each]) => each === source) ?? [];
  if (known !== undefined) return `${SETTINGS}/${known}`;
  let name = basename(source);
  for (let n = 2; sources.has(name) || others.has(name) || name === PIP_CONF; n += 1)
    name = `${n}-${basename(source)}`;
  sources.set(name, source);
  return `${SETTINGS}/${name}`;
}

function nullWhereAbsent(error: NodeJS.ErrnoException): null {
  if (ABSENT.has(error.code ?? "")) return null;
  throw error;
}
