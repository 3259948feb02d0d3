import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { RunPlan } from "../jobs/run-plan.ts";

const ML = "/opt/ml";

/** Something of the instance's `ml` folder that is shown to the program past an overlay. */
export interface PlaceBeside {
  readonly source: string;
  /** as the program sees it */
  readonly target: string;
  readonly isFolder: boolean;
}

/** Outputs that share a folder with an input: they are read through no overlay, so that nothing linked may lie there. */
export function sharedFolders({ downloads, uploads }: RunPlan): string[] {
  return uploads
    .map(({ localPath }) => trimmed(localPath))
    .filter((output) =>
      downloads.some(
        ({ localPath }) => isWithin(trimmed(localPath), output) || isWithin(output, trimmed(localPath)),
      ),
    );
}

/** Folders with linked files, the topmost ones: the program sees them through an overlay. */
export function overlaidInputs(plan: RunPlan): string[] {
  const shared = sharedFolders(plan);
  const inputs = plan.downloads
    .filter(({ s3InputMode }) => s3InputMode === "File")
    .map(({ localPath }) => trimmed(localPath))
    .filter((input) => !shared.some((output) => isWithin(input, output)));
  return [...new Set(inputs)].filter(
    (input) => !inputs.some((other) => other !== input && isWithin(input, other)),
  );
}

/**
 * What lies in overlaid folders and goes past the overlay: outputs, which are read after the end, and FIFOs, which an
 * overlay would make into others. Makes the folders that are missing.
 */
export async function besideOverlays(
  plan: RunPlan,
  { ml, inputs }: { readonly ml: string; readonly inputs: readonly string[] },
): Promise<PlaceBeside[]> {
  const source = (path: string) => join(ml, relative(ML, path));
  const isOverlaid = (path: string) => inputs.some((input) => isWithin(path, input));
  for (const input of inputs) await mkdir(source(input), { recursive: true });
  const found: PlaceBeside[] = [];
  const outputs = plan.uploads.map(({ localPath }) => trimmed(localPath));
  for (const target of new Set(outputs.filter(isOverlaid))) {
    await mkdir(source(target), { recursive: true });
    found.push({ source: source(target), target, isFolder: true });
  }
  for (const target of fifoPaths(plan).filter(isOverlaid))
    found.push({ source: source(target), target, isFolder: false });
  return found;
}

/** Where the program finds the FIFOs of Pipe inputs. */
export function fifoPaths({ downloads }: RunPlan): string[] {
  return downloads.flatMap(({ localPath, s3InputMode }) =>
    s3InputMode === "Pipe" ? [`${trimmed(localPath)}_0`] : [],
  );
}

const trimmed = (path: string): string => path.replace(/\/+$/, "");
const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
