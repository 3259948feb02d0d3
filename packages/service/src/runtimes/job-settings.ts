import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";

/** Variables that say which certificates are trusted. */
const CERTIFICATES = [
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "AWS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
];
/** pip's settings that say where it writes or which Python it is: those of the service's user mean nothing to a job. */
const PIP_PLACES = new Set(
  ["CACHE_DIR", "TARGET", "PREFIX", "ROOT", "SRC", "LOG", "USER", "PYTHON", "REQUIRE_VIRTUALENV"].map(
    (name) => `PIP_${name}`,
  ),
);

type Surroundings = Readonly<Record<string, string | undefined>>;

/** Settings of certificates and pip that jobs get of the service's surroundings. */
export async function jobSettings(surroundings: Surroundings): Promise<Readonly<Record<string, string>>> {
  const settings = networkSettings(surroundings);
  const config = settings.PIP_CONFIG_FILE === undefined ? await pipConfigFile(surroundings.HOME) : null;
  return config === null ? settings : { ...settings, PIP_CONFIG_FILE: config };
}

/** Settings of certificates and pip among the service's own variables: what a job gets of them, and no more. */
function networkSettings(surroundings: Surroundings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(surroundings).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && entry[1] !== "" && (CERTIFICATES.includes(entry[0]) || isForJobs(entry[0])),
    ),
  );
}

/** True for pip's variables that jobs get. */
export function isForJobs(pipVariable: string): boolean {
  return pipVariable.startsWith("PIP_") && !PIP_PLACES.has(pipVariable);
}

/** Files and folders that settings name by absolute paths: they are shown with the settings. */
export async function pathsNamed(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const words = new Set(
    Object.values(settings).flatMap((value) => value.split(PATHS_APART).filter((word) => isAbsolute(word))),
  );
  const found: string[] = [];
  for (const word of words) if (word !== "/" && (await exists(word))) found.push(resolve(word));
  return found;
}

/** What stands between paths in a setting's value. */
export const PATHS_APART: RegExp = /[\s:]+/;

/** pip's settings file of the user that runs the service, unless PIP_CONFIG_FILE names one. */
async function pipConfigFile(home: string | undefined): Promise<string | null> {
  if (home === undefined || home === "") return null;
  for (const file of [join(home, ".config/pip/pip.conf"), join(home, ".pip/pip.conf")])
    if (await exists(file)) return file;
  return null;
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
