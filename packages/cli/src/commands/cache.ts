import { type CachedImport, cachedImports, clearImports, defaultCacheFolder } from "@fieldmark/model";
import Table from "cli-table3";
import { Command } from "commander";
import { type CliContext, cacheFolder, writeJson, writeLine } from "../context.ts";
import { formatBytes } from "../format-bytes.ts";

interface Flags {
  readonly json?: boolean;
}

/** `fieldmark cache`: the imports of models that are kept. */
export function cacheCommand(context: CliContext): Command {
  const folder = cacheFolder(context);
  const at = folder ?? defaultCacheFolder();
  const show = new Command("show")
    .description("List the imports that are kept, the one used last first")
    .option("--json", "print them as JSON on stdout")
    .action(async ({ json }: Flags) => {
      const imports = await cachedImports(folder);
      if (json === true) writeJson(context, { folder: at, imports });
      else writeLine(context.stdout, describe(context, at, imports));
    });
  const clear = new Command("clear")
    .description("Remove every import that is kept; the next use of a model makes its import again")
    .option("--json", "print what was removed as JSON on stdout")
    .action(async ({ json }: Flags) => {
      const removed = await clearImports(folder);
      if (json === true) writeJson(context, { folder: at, removed });
      else
        writeLine(context.stdout, `${at}: removed ${count(removed.imports)}, ${formatBytes(removed.bytes)}`);
    });
  return new Command("cache")
    .description("Show or clear the cache of imported models")
    .addCommand(show)
    .addCommand(clear);
}

function describe(context: CliContext, folder: string, imports: readonly CachedImport[]): string {
  const total = imports.reduce((sum, { bytes }) => sum + bytes, 0);
  const head = `${folder}: ${count(imports.length)}, ${formatBytes(total)}`;
  if (imports.length === 0) return head;
  const table = new Table({
    head: ["last used", "size", "signature", "digest", "imported from"],
    colAligns: ["left", "right", "left", "left", "left"],
    style: { head: context.color ? ["bold"] : [], border: context.color ? ["gray"] : [], compact: true },
  });
  for (const { bytes, lastUsed, model } of imports) {
    table.push([
      lastUsed.toISOString().slice(0, 16).replace("T", " "),
      formatBytes(bytes),
      model?.signature ?? "",
      model?.digest.slice(0, 19) ?? "",
      model?.importedFrom ?? "damaged; made again at its next use",
    ]);
  }
  return `${head}\n${table.toString()}`;
}

function count(imports: number): string {
  return imports === 1 ? "1 import" : `${imports} imports`;
}
