import type { RecipeHits } from "../pipeline/recipe-check.ts";
import type { Failure } from "../predictions/collected.ts";
import type { Predictions } from "../predictions/predictions.ts";
import type { Provenance } from "../report/provenance.ts";
import type { ShareNumber } from "./share-rows.ts";

/** What one instance found out of an evaluation. An evaluation on one instance is one share. */
export interface Share extends ShareNumber {
  /** The instance: "algo-2"; null outside a job. */
  readonly host: string | null;
  /** Pictures of the whole dataset. */
  readonly examples: number;
  /** Of the whole dataset: shares of one evaluation have the same. */
  readonly annotationsDigest: string;
  /** As in the report, but for what only all shares together tell: the digest of the pictures. */
  readonly provenance: Omit<Provenance, "time" | "dataset"> & {
    readonly dataset: Omit<Provenance["dataset"], "digest">;
  };
  readonly recipeHits: RecipeHits | null;
  /** [predictions] rows in the dataset, ascending. */
  readonly rows: readonly number[];
  readonly predictions: Predictions;
  readonly failures: readonly (Failure & OfRow)[];
  /** What the decoder warned of. */
  readonly warnings: readonly (OfRow & { readonly text: string })[];
  /** Pictures that this instance did not get: S3 gave them to another one, or they are nowhere. */
  readonly absent: readonly (OfRow & { readonly imageFileName: string })[];
}

export interface OfRow {
  /** In the dataset. */
  readonly row: number;
}
