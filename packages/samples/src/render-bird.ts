import { FieldmarkError } from "@fieldmark/contract";
import { photograph, randomExposure } from "./camera.ts";
import { type Random, randomFrom } from "./random.ts";
import { scene } from "./scene/scene.ts";
import { SPECIES } from "./species/catalogue.ts";

export interface BirdSpec {
  /** Class name of CUB-200-2011, one of `SPECIES_NAMES`. */
  readonly species: string;
  /** Integer ≥ 0. */
  readonly seed: number;
  /** Number of the picture within its species and seed, an integer ≥ 0. */
  readonly index: number;
}

export interface DrawnBird {
  /** The same for the same spec, always. */
  readonly svg: string;
  /** Pixels, 280–420. */
  readonly width: number;
  /** Pixels, 220–420. */
  readonly height: number;
  /** The plumage drawn: `male`, `female` or `adult`. */
  readonly variant: string;
}

/** Class names of the eight species, in the order of their class numbers. */
export const SPECIES_NAMES: readonly string[] = SPECIES.map(({ className }) => className);

/**
 * Draws one bird, as an SVG.
 *
 * @throws USAGE for an unknown species or a seed or index that is not an integer ≥ 0
 */
export function drawBird(spec: BirdSpec): DrawnBird {
  const random = randomFor(spec);
  const species = SPECIES.find(({ className }) => className === spec.species);
  if (species === undefined)
    throw new FieldmarkError(
      "USAGE",
      `species "${spec.species}" is unknown, expected one of ${SPECIES_NAMES.join(", ")}`,
    );
  const width = random.integer(280, 420);
  const height = Math.max(220, Math.min(420, Math.round(width * random.weighted(ASPECTS).ratio)));
  return scene(species, { width, height }, random.fork("scene"));
}

/**
 * Draws a bird and photographs it. The SVG and the light, blur and noise depend on the spec alone; the
 * JPEG's bytes depend on the version of sharp too, which rasterises and compresses.
 *
 * @throws as `drawBird`
 */
export async function renderBird(spec: BirdSpec): Promise<DrawnBird & { readonly jpeg: Buffer }> {
  const drawn = drawBird(spec);
  const random = randomFor(spec);
  const jpeg = await photograph(drawn.svg, randomExposure(random.fork("camera")), random.fork("grain"));
  return { ...drawn, jpeg };
}

interface Aspect {
  /** Height over width. */
  readonly ratio: number;
  readonly weight: number;
}

const ASPECTS: readonly [Aspect, ...Aspect[]] = [
  { ratio: 2 / 3, weight: 3 },
  { ratio: 3 / 4, weight: 4 },
  { ratio: 4 / 5, weight: 2 },
  { ratio: 1, weight: 2 },
  { ratio: 5 / 4, weight: 1 },
];

function randomFor({ species, seed, index }: BirdSpec): Random {
  for (const [name, value] of Object.entries({ seed, index }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new FieldmarkError("USAGE", `${name} is ${value}, expected an integer ≥ 0`);
  return randomFrom(`${seed}/${species}/${index}`);
}
