import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Html } from "./html.ts";

/** Style and script of the page, as they stand in it, with the hashes that the page's policy allows. */
export interface PageFiles {
  readonly style: Html;
  readonly script: Html;
  /** Content-Security-Policy: no network at all, only these two pieces of code. */
  readonly policy: string;
}

const FOLDER = new URL("../../page/", import.meta.url);

/** Reads page/: its two modules become one script. */
export async function readPageFiles(): Promise<PageFiles> {
  const [style, matrix, page] = await Promise.all(
    ["page.css", "matrix.js", "page.js"].map((name) => readFile(new URL(name, FOLDER), "utf8")),
  );
  const script = `${matrix?.replace("export function", "function")}${page?.replace(/^import .*$/m, "")}`;
  return {
    style: new Html(style ?? ""),
    script: new Html(script),
    policy:
      `default-src 'none'; img-src data:; style-src '${hash(style ?? "")}'; script-src '${hash(script)}'; ` +
      "base-uri 'none'; form-action 'none'",
  };
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
