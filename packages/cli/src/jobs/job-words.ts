import { FieldmarkError } from "@fieldmark/contract";
import type { ProcessingInput, ProcessingOutput } from "@fieldmark/sdk";

/**
 * `NAME=SOURCE:LOCALPATH`, `SOURCE:LOCALPATH`: the LocalPath is what follows the last ":/".
 * @throws USAGE
 */
export function inputOf(text: string): ProcessingInput {
  const { name, rest } = named(text);
  const cut = rest.lastIndexOf(":/");
  const [source, destination] = [rest.slice(0, cut), rest.slice(cut + 1)];
  if (cut < 1 || destination.startsWith("//"))
    throw new FieldmarkError("USAGE", `--input "${text}": expected [NAME=]SOURCE:/opt/ml/processing/…`);
  return { source, destination, ...(name === null ? {} : { inputName: name }) };
}

/** `NAME=LOCALPATH`, `NAME=LOCALPATH:s3://…`, each also without the name. @throws USAGE */
export function outputOf(text: string): ProcessingOutput {
  const { name, rest } = named(text);
  const [, source, destination] = /^(\/.*?)(?::(s3:\/\/.+))?$/s.exec(rest) ?? [];
  if (source === undefined)
    throw new FieldmarkError(
      "USAGE",
      `--output "${text}": expected [NAME=]/opt/ml/processing/…[:s3://bucket/key]`,
    );
  return {
    source,
    ...(destination === undefined ? {} : { destination }),
    ...(name === null ? {} : { outputName: name }),
  };
}

/** `NAME=VALUE`; the value may hold "=". @throws USAGE */
export function pairOf(flag: string, text: string): readonly [string, string] {
  const cut = text.indexOf("=");
  if (cut < 1) throw new FieldmarkError("USAGE", `${flag} "${text}": expected NAME=VALUE`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

/** A command as one word: JSON, or words parted by spaces. @throws USAGE */
export function entrypointOf(text: string): readonly string[] {
  if (!text.startsWith("[")) return text.split(/\s+/).filter(Boolean);
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === "string")) return words;
  } catch (cause) {
    throw new FieldmarkError("USAGE", `--entrypoint ${text}: ${String(cause)}`, {}, cause);
  }
  throw new FieldmarkError("USAGE", `--entrypoint ${text}: expected a JSON list of texts`);
}

/** A name is of letters, digits, "-" and "_", so that "s3://…?a=b" and "/a=b" have none. */
function named(text: string): { readonly name: string | null; readonly rest: string } {
  const [, name, rest] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
  return name === undefined || rest === undefined ? { name: null, rest: text } : { name, rest };
}
