import { FieldmarkError } from "@fieldmark/contract";

const ML = "/opt/ml/";

/**
 * `processing/input` of `/opt/ml/processing/input`: a LocalPath below an instance's `ml` folder.
 *
 * @throws INPUT_KEY for one that the request's validation should have refused
 */
export function belowMl(localPath: string): string {
  const path = localPath.replace(/\/+$/, "");
  const segments = path.slice(ML.length).split("/");
  if (!path.startsWith(ML) || segments.some((segment) => ["", ".", ".."].includes(segment))) {
    throw new FieldmarkError("INPUT_KEY", `LocalPath "${localPath}" is not a folder below ${ML}`, {
      localPath,
    });
  }
  return segments.join("/");
}
