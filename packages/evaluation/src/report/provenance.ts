import type { Preprocessing } from "@fieldmark/imaging";
import type { ClassOutput } from "@fieldmark/model";

/** Where the numbers of a report come from: enough to make them again. Plain JSON. */
export interface Provenance {
  /** ISO 8601, UTC; null when the files were asked for without times. */
  readonly time: string | null;
  /** As typed; "" when called from a program. */
  readonly command: string;
  /** Versions that can change a number: fieldmark, node, onnxruntime-node, sharp. */
  readonly versions: Readonly<Record<string, string>>;
  /** null when the report was made from saved predictions alone. */
  readonly model: ModelProvenance | null;
  readonly dataset: {
    readonly source: string;
    /** "sha256:<hex>" over file names, labels and the SHA-256 of every picture, in order. */
    readonly digest: string;
    readonly examples: number;
    readonly classNameSource: string;
  };
  readonly preprocessing: {
    readonly recipe: Preprocessing;
    /** Who chose it: "--recipe", "preprocessing.json beside the model", "recognised: …", "default (the lab's)". */
    readonly chosenBy: string;
    /** What it does, a sentence each; what it does not reproduce among them. */
    readonly notes: readonly string[];
  } | null;
  /** Wall-clock seconds from the first picture to the last probability, of the slowest of several instances. */
  readonly seconds: number | null;
}

interface ModelProvenance {
  readonly path: string;
  readonly format: string;
  readonly producer: string;
  readonly digest: string;
  readonly signature: string;
  readonly output: ClassOutput;
  readonly parameters: number;
}
