import { FieldmarkError } from "@fieldmark/contract";

export interface CertificateSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file's text; null where there is none. */
  readonly read: (path: string) => Promise<string | null>;
}

export interface Certificates {
  /** All of them, each once. */
  readonly pem: string;
  /** Variables and files that they are from. */
  readonly from: readonly string[];
}

/** Variables that name a whole bundle. */
const BUNDLES = ["SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
/** Variables that name certificates beside the system's. */
const ADDITIONS = ["NODE_EXTRA_CA_CERTS", "NPM_CONFIG_CAFILE", "npm_config_cafile"];
/** Where systems keep theirs. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
/** BuildKit's limit of a secret, bytes. */
const SECRET_BYTES = 500 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates that this machine trusts: the bundles that variables name, else the system's; and those that it adds.
 *
 * @returns null where there are none
 * @throws IMAGE_BUILD_FAILED when a variable names no file, or they are too many for a secret
 */
export async function readCertificates({ env, read }: CertificateSources): Promise<Certificates | null> {
  const found = new Map<string, string>();
  const take = (from: string, text: string) => {
    for (const [certificate] of text.matchAll(CERTIFICATE)) {
      const key = certificate.replaceAll(/\s/g, "");
      if (!found.has(key)) found.set(key, certificate);
    }
    sources.push(from);
  };
  const sources: string[] = [];
  const takeVariables = async (names: readonly string[]) => {
    for (const name of names) {
      const file = env[name];
      if (file === undefined || file === "") continue;
      const text = await read(file);
      if (text === null)
        throw new FieldmarkError("IMAGE_BUILD_FAILED", `${name} is "${file}", and that file cannot be read`, {
          file,
        });
      take(name, text);
    }
  };
  await takeVariables(BUNDLES);
  for (const file of sources.length === 0 ? SYSTEM : []) {
    const text = await read(file);
    if (text === null) continue;
    take(file, text);
    break;
  }
  await takeVariables(ADDITIONS);
  if (found.size === 0) return null;
  const pem = `${[...found.values()].join("\n")}\n`;
  if (pem.length > SECRET_BYTES) {
    throw new FieldmarkError(
      "IMAGE_BUILD_FAILED",
      `the certificates of ${sources.join(", ")} are ${pem.length} bytes, a build's secret holds ${SECRET_BYTES}: name a smaller bundle by SSL_CERT_FILE`,
    );
  }
  return { pem, from: sources };
}
