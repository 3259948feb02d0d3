export { type BirdSpec, type DrawnBird, drawBird, renderBird, SPECIES_NAMES } from "./render-bird.ts";
export {
  type SampleDataset,
  type SampleDatasetOptions,
  type SampleSplit,
  writeSampleDataset,
} from "./sample-dataset.ts";
export { sampleModelPath } from "./sample-model.ts";
