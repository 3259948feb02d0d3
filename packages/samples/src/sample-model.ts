import { fileURLToPath } from "node:url";

/** Path of the small MobileNetV2 that was trained on these birds: a SavedModel under `1/` in a `model.tar.gz`. */
export function sampleModelPath(): string {
  return fileURLToPath(new URL("../model/model.tar.gz", import.meta.url));
}
