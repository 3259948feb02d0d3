import {
  channelsField,
  type JsonFields,
  jsonFields,
  numberField,
  textField,
  wordField,
} from "./json-fields.ts";
import {
  type InputSize,
  type Preprocessing,
  RESIZE_FILTERS,
  RESIZE_FITS,
  type Scaling,
} from "./preprocessing.ts";
import { checkSizes, isRecipeName, RECIPE_NAMES, RECIPES, sameArithmetic } from "./recipes.ts";

/**
 * Reads the JSON of a `Preprocessing`: a file next to a model, or the block of a report. Of a named recipe only
 * `name` must be there; one of your own needs `channels` and `scaling` too. What is left out is as `preprocessing`
 * has it, and the size is then the model's.
 *
 * @param json what JSON.parse gave
 * @param file its name, for messages
 * @param modelSize size of the model's input, for a file without `size`
 * @throws PREPROCESSING_INVALID that names the field, what was found and what was expected
 */
export function parsePreprocessing(json: unknown, file: string, modelSize?: InputSize): Preprocessing {
  const fields = jsonFields(json, file);
  const name = textField(fields, "name");
  const result: Preprocessing = {
    name,
    decode: wordField(fields, "decode", { words: ["pillow-rgb"], fallback: "pillow-rgb" }),
    exifOrientation: wordField(fields, "exifOrientation", {
      words: ["ignore", "transpose"],
      fallback: "ignore",
    }),
    resize: parseResize(fields, file),
    size: parseSize(fields, file, modelSize),
    ...parseArithmetic(fields, file, name),
  };
  fields.close();
  checkSizes(result, file);
  return result;
}

function parseResize(root: JsonFields, file: string): Preprocessing["resize"] {
  const fields = jsonFields(root.take("resize") ?? {}, file, "resize.");
  const filter = wordField(fields, "filter", { words: RESIZE_FILTERS, fallback: "bicubic" });
  const fit = wordField(fields, "fit", { words: RESIZE_FITS, fallback: "stretch" });
  const shorterSide =
    fields.take("shorterSide") === undefined ? undefined : numberField(fields, "shorterSide");
  fields.close();
  return { filter, fit, ...(shorterSide === undefined ? {} : { shorterSide }) };
}

function parseSize(root: JsonFields, file: string, modelSize: InputSize | undefined): InputSize {
  const value = root.take("size");
  if (value === undefined) return modelSize ?? root.refuse("size", "an object with height and width");
  const fields = jsonFields(value, file, "size.");
  const size = { height: numberField(fields, "height"), width: numberField(fields, "width") };
  fields.close();
  return size;
}

function parseArithmetic(
  root: JsonFields,
  file: string,
  name: string,
): Pick<Preprocessing, "channels" | "scaling"> {
  const named = isRecipeName(name) ? RECIPES[name] : undefined;
  const own = (["channels", "scaling"] as const).find((field) => root.take(field) === undefined);
  if (own !== undefined && named === undefined) {
    return root.refuse(own, `it, because name ("${name}") is none of ${RECIPE_NAMES.join(", ")}`);
  }
  const channels = wordField(root, "channels", {
    words: ["rgb", "bgr"],
    ...(named === undefined ? {} : { fallback: named.channels }),
  });
  const scaling =
    root.take("scaling") === undefined && named !== undefined ? named.scaling : parseScaling(root, file);
  if (named !== undefined && !sameArithmetic(named, { channels, scaling })) {
    return root.refuse("name", `a name of your own, because channels or scaling are not those of ${name}`);
  }
  return { channels, scaling };
}

function parseScaling(root: JsonFields, file: string): Scaling {
  const fields = jsonFields(root.take("scaling"), file, "scaling.");
  const kind = wordField(fields, "kind", { words: ["none", "tf", "unit", "torch", "caffe"] });
  const scaling = scalingOf(fields, kind);
  fields.close();
  return scaling;
}

function scalingOf(fields: JsonFields, kind: Scaling["kind"]): Scaling {
  if (kind === "caffe") return { kind, mean: channelsField(fields, "mean", "any") };
  if (kind !== "torch") return { kind };
  return { kind, mean: channelsField(fields, "mean", "any"), std: channelsField(fields, "std", "positive") };
}
