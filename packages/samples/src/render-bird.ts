import { photograph, randomExposure } from "./camera.ts";
import { randomFrom } from "./random.ts";
import { scene } from "./scene/scene.ts";
import type { Species } from "./species/species.ts";

export interface BirdSpec {
  readonly species: Species;
  readonly seed: number;
  /** Number of the picture within its species and seed, from 0. */
  readonly index: number;
}

export interface DrawnBird {
  /** The same for the same spec, always. */
  readonly svg: string;
  /** Pixels: width 280–420, height 220–420. */
  readonly width: number;
  readonly height: number;
  /** The plumage drawn: `male`, `female`, … */
  readonly variant: string;
}

export function drawBird({ species, seed, index }: BirdSpec): DrawnBird {
  const random = randomFor({ species, seed, index });
  const width = random.integer(280, 420);
  const aspect = random.weighted(ASPECTS).ratio;
  const height = Math.max(220, Math.min(420, Math.round(width * aspect)));
  return scene(species, { width, height }, random.fork("scene"));
}

/** Draws a bird and photographs it; the JPEG's bytes also depend on the version of sharp. */
export async function renderBird(spec: BirdSpec): Promise<DrawnBird & { readonly jpeg: Buffer }> {
  const drawn = drawBird(spec);
  const random = randomFor(spec);
  const jpeg = await photograph(drawn.svg, randomExposure(random.fork("camera")), random.fork("grain"));
  return { ...drawn, jpeg };
}

interface Aspect {
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

const randomFor = ({ species, seed, index }: BirdSpec) => randomFrom(`${seed}/${species.className}/${index}`);
