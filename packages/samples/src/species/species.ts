import type { Brush, Figure } from "../anatomy/songbird.ts";
import type { BackdropKind } from "../scene/backdrop.ts";
import type { PerchKind } from "../scene/perch.ts";

interface Weighted<T> {
  readonly kind: T;
  readonly weight: number;
}

type Choice<T> = readonly [Weighted<T>, ...Weighted<T>[]];

/** A way to draw a species: male, female or young, sitting, swimming or on the wing. */
interface Variant {
  readonly name: string;
  /** Share among the pictures of its species. */
  readonly weight: number;
  readonly draw: (brush: Brush) => Figure;
  /** Where this variant is, when not on one of the species' perches. */
  readonly perches?: Choice<PerchKind>;
}

/** One of the lab's eight species. */
export interface Species {
  /** Class number of CUB-200-2011. */
  readonly id: number;
  /** Folder and class name of CUB-200-2011, such as `017.Cardinal`. */
  readonly className: string;
  readonly variants: readonly [Variant, ...Variant[]];
  readonly perches: Choice<PerchKind>;
  readonly backdrops: Choice<BackdropKind>;
  /** Width of the bird as a share of the picture's width, about; a hummingbird is smaller than a jay. */
  readonly size: number;
}
