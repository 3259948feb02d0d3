import type { Graph } from "../graph/graph.ts";

/** A family of keras.applications whose recipe its graph does not contain, told by names that only its layers have. */
interface Family {
  /** Recipe of the family's `preprocess_input`. */
  readonly recipe: string;
  readonly application: string;
  /** Layers that every member has. */
  readonly layers: readonly string[];
  /** Layers of another family that has all of these. */
  readonly without?: readonly string[];
}

/** In order: the first that fits is the one. Families whose graph scales the pixels itself are not here. */
const FAMILIES: readonly Family[] = [
  { recipe: "mobilenet", application: "MobileNet", layers: ["conv_dw_1", "conv_pw_13"] },
  {
    recipe: "mobilenet_v2",
    application: "MobileNetV2",
    layers: ["expanded_conv_depthwise", "block_1_expand", "block_16_project"],
  },
  {
    recipe: "densenet",
    application: "DenseNet",
    layers: ["conv2_block1_0_bn", "conv2_block6_2_conv", "pool2_conv"],
  },
  { recipe: "resnet_v2", application: "ResNetV2", layers: ["conv2_block1_preact_bn", "conv5_block3_3_conv"] },
  {
    recipe: "resnet",
    application: "ResNet",
    layers: ["conv2_block1_0_conv", "conv5_block3_3_conv"],
    without: ["conv2_block1_preact_bn"],
  },
  { recipe: "inception_resnet_v2", application: "InceptionResNetV2", layers: ["block8_10_conv", "conv_7b"] },
  { recipe: "inception_v3", application: "InceptionV3", layers: ["mixed0", "mixed9_1", "mixed10"] },
  { recipe: "xception", application: "Xception", layers: ["block2_sepconv1", "block14_sepconv2"] },
  { recipe: "vgg19", application: "VGG19", layers: ["block1_conv1", "block5_conv4"] },
  { recipe: "vgg16", application: "VGG16", layers: ["block1_conv1", "block5_conv3"] },
  { recipe: "nasnet", application: "NASNet", layers: ["stem_conv1", "reduction_conv_1_stem_1"] },
];

/** The family whose layers' names a graph of TensorFlow ops carries, or null. */
export function familyByLayerNames(graph: Graph): Pick<Family, "recipe" | "application" | "layers"> | null {
  const layers = new Set<string>();
  for (const { name } of graph.nodes) {
    for (const segment of name.split("/")) {
      layers.add(segment);
      // Keras numbers a second use of a name: "block_1_expand_1" is that of "block_1_expand".
      layers.add(segment.replace(/_\d+$/, ""));
    }
  }
  const has = (layer: string) => layers.has(layer);
  return FAMILIES.find(({ layers, without = [] }) => layers.every(has) && !without.some(has)) ?? null;
}
