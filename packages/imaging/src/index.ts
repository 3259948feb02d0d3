export {
  DEFAULT_PIXEL_LIMIT,
  type DecodeOptions,
  decodeImage,
  IMAGE_FORMATS,
} from "./decode/decode-image.ts";
export {
  describePreprocessing,
  formulaOf,
  summarisePreprocessing,
} from "./preprocessing/describe-preprocessing.ts";
export { type FittedPicture, fitPicture } from "./preprocessing/fit-picture.ts";
export { parsePreprocessing } from "./preprocessing/parse-preprocessing.ts";
export {
  type PreprocessedFile,
  type PreprocessFilesOptions,
  preprocessFiles,
} from "./preprocessing/preprocess-files.ts";
export {
  decodeForRecipe,
  type PreprocessedImage,
  type PreprocessImageOptions,
  pixelsToTensor,
  preprocessImage,
} from "./preprocessing/preprocess-image.ts";
export {
  type InputSize,
  type Preprocessing,
  RESIZE_FILTERS,
  RESIZE_FITS,
  type ResizeFilter,
  type ResizeFit,
  type Scaling,
} from "./preprocessing/preprocessing.ts";
export {
  type Arithmetic,
  alternativeRecipes,
  DEFAULT_RECIPE,
  isRecipeName,
  MAX_INPUT_SIDE,
  overridePreprocessing,
  type PreprocessingOverrides,
  preprocessing,
  RECIPE_NAMES,
  RECIPES,
  type Recipe,
  type RecipeName,
  sameArithmetic,
} from "./preprocessing/recipes.ts";
export { scalePixels } from "./preprocessing/scale-pixels.ts";
export type { Box } from "./resize/box.ts";
export {
  type PillowResizeFilter,
  type PillowResizeOptions,
  resizeLikePillow,
} from "./resize/pillow-resize.ts";
export { type FloatImage, resizeLikeTensorflow, type TensorflowMethod } from "./resize/tensorflow-resize.ts";
export type { DecodedImage, RgbImage } from "./rgb-image.ts";
