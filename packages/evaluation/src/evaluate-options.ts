import type { Preprocessing } from "@fieldmark/imaging";
import type { ClassOutput, ModelDescription } from "@fieldmark/model";
import type { Dataset, DatasetOptions } from "./dataset/dataset.ts";
import type { Measures } from "./measures/measures.ts";
import type { PreprocessingOptions } from "./pipeline/choose-preprocessing.ts";
import type { RecipeCheck } from "./pipeline/recipe-check.ts";
import type { Failure } from "./predictions/collected.ts";
import type { Predictions } from "./predictions/predictions.ts";
import type { Provenance } from "./report/provenance.ts";
import type { Share } from "./shares/share.ts";
import type { ShareNumber } from "./shares/share-rows.ts";
import type { ConflictingCopies } from "./warnings.ts";

/** What is written where, and which key set evaluation.json has. */
export interface OutputOptions {
  /** Folder of the results; made when absent, its files of the same names replaced. */
  readonly output: string;
  /** "lab" writes exactly the lab's keys into evaluation.json. */
  readonly profile?: "default" | "lab";
  /** Seed of the bootstrap; default 1. */
  readonly seed?: number;
  /** false leaves all times out of the files: the same evaluation gives the same bytes. Default true. */
  readonly times?: boolean;
}

export interface EvaluateOptions extends OutputOptions {
  /** A SavedModel folder or its archive. */
  readonly model: string;
  readonly signature?: string;
  /** Output that holds class scores, where the model has several. */
  readonly outputName?: string;
  readonly dataset: DatasetOptions;
  readonly preprocessing?: PreprocessingOptions;
  /** Pictures a forward pass; default 8. */
  readonly batch?: number;
  /** Threads for inference and for decoding; default: the machine's processors. */
  readonly threads?: number;
  /** Go on with an interrupted run in `output`. */
  readonly resume?: boolean;
  /** Try other recipes on a few pictures: "once" a model and recipe (default), "always", "never". */
  readonly recipeCheck?: "once" | "always" | "never";
  /** Folder of imported models; null keeps none. */
  readonly cacheFolder?: string | null;
  /** As typed, for the provenance block. */
  readonly command?: string;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
  onEvent?(event: EvaluationEvent): void;
}

/** Of one instance among several. */
export interface EvaluateShareOptions extends EvaluateOptions {
  readonly share: SharePlace;
}

/** Which part of the evaluation this instance works on. */
export interface SharePlace extends ShareNumber {
  /** Its name: "algo-2"; null outside a job. */
  readonly host: string | null;
  /** How the instances meet, the first as the leader. Without it the share is left in the output folder. */
  readonly exchange?: ShareExchange;
  /** Files of other shares: what these do not have is this one. Default: each n-th batch, or what `dataset.shard` says. */
  readonly restOf?: readonly string[];
}

export interface ShareExchange {
  /** Names of all instances in the order of their shares, which their network resolves. */
  readonly hosts: readonly string[];
  /** What only the instances of this job know. */
  readonly key: string;
}

/** How an instance's work on a share ends. */
export type ShareEnd =
  /** It was the leader: here is the evaluation of all shares. */
  | { readonly kind: "report"; readonly evaluation: Evaluation }
  /** The leader has made the report. */
  | { readonly kind: "merged"; readonly share: Share; readonly leader: string }
  /** The share is in its file, for `mergeReport`; the reason is null where no more was wanted. */
  | { readonly kind: "kept"; readonly share: Share; readonly file: string; readonly reason: string | null };

/** What happens, as it happens. */
export type EvaluationEvent =
  | {
      readonly kind: "model";
      readonly description: ModelDescription;
      readonly output: ClassOutput;
      readonly cached: boolean;
    }
  | { readonly kind: "dataset"; readonly dataset: Dataset }
  | { readonly kind: "preprocessing"; readonly recipe: Preprocessing; readonly chosenBy: string }
  | { readonly kind: "recipe-check"; readonly check: RecipeCheck }
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  /** The own share is done; those of these instances are not. */
  | { readonly kind: "waiting"; readonly hosts: readonly string[] }
  | { readonly kind: "measured"; readonly evaluation: MeasuredEvaluation };

/** The content of measures.json: measures, what to be warned of, and where they come from. */
export interface MeasuresJson extends Measures {
  /** Pictures that exist and could not be decoded; they count in no measure. */
  readonly failures: readonly Failure[];
  readonly warnings: readonly string[];
  readonly conflictingCopies: readonly ConflictingCopies[];
  /** null when it was not done: told not to, or this model and recipe passed before. */
  readonly recipeCheck: RecipeCheck | null;
  readonly provenance: Provenance;
}

export interface MeasuredEvaluation {
  readonly predictions: Predictions;
  readonly measures: MeasuresJson;
}

export interface Evaluation extends MeasuredEvaluation {
  readonly files: EvaluationFiles;
}

/** Paths of what was written. */
export interface EvaluationFiles {
  readonly evaluationJson: string;
  readonly measuresJson: string;
  readonly predictionsCsv: string;
  readonly predictionsParquet: string;
  readonly reportHtml: string;
}
