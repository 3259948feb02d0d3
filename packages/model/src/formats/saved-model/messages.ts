import {
  bool,
  bytes,
  double,
  fixed32,
  float,
  int32,
  int53,
  int64,
  type MessageOf,
  mapOf,
  message,
  nested,
  optional,
  repeated,
  string,
  uint32,
  uint64,
  unread,
} from "./wire.ts";

// The fields that a reader of SavedModels needs, numbered as in TensorFlow's .proto files. What is large or
// seldom wanted (functions, objects, attributes, constants) is kept as the bytes of its message, so that only
// what the signature reaches is ever decoded.

const DIMENSION = message("TensorShapeProto.Dim", { size: optional(1, int53) });
export const TENSOR_SHAPE = message("TensorShapeProto", {
  dim: repeated(2, nested(DIMENSION)),
  unknownRank: optional(3, bool),
});
export type TensorShape = MessageOf<typeof TENSOR_SHAPE>;

const TENSOR_INFO = message("TensorInfo", {
  name: optional(1, string),
  dtype: optional(2, int32),
  shape: optional(3, nested(TENSOR_SHAPE)),
});
export type TensorInfo = MessageOf<typeof TENSOR_INFO>;

const SIGNATURE_DEF = message("SignatureDef", {
  inputs: mapOf(1, nested(TENSOR_INFO)),
  outputs: mapOf(2, nested(TENSOR_INFO)),
});
export type SignatureDef = MessageOf<typeof SIGNATURE_DEF>;

const META_INFO = message("MetaInfoDef", {
  strippedOpList: optional(2, bytes),
  tags: repeated(4, string),
  tensorflowVersion: optional(5, string),
});

const SAVER_DEF = message("SaverDef", { restoreOpName: optional(3, string) });

const ASSET_FILE = message("AssetFileDef", {
  tensor: optional(1, nested(TENSOR_INFO)),
  filename: optional(2, string),
});

export const META_GRAPH = message("MetaGraphDef", {
  info: optional(1, nested(META_INFO)),
  graph: optional(2, bytes),
  saver: optional(3, nested(SAVER_DEF)),
  signatures: mapOf(5, nested(SIGNATURE_DEF)),
  assets: repeated(6, nested(ASSET_FILE)),
  objectGraph: optional(7, bytes),
});
export type MetaGraph = MessageOf<typeof META_GRAPH>;

export const SAVED_MODEL = message("SavedModel", {
  schemaVersion: optional(1, int53),
  metaGraphs: unread(2),
});
/** Only the tags of a MetaGraphDef, to choose one without reading the rest. */
export const META_GRAPH_TAGS = message("MetaGraphDef", {
  info: optional(1, nested(message("MetaInfoDef", { tags: repeated(4, string) }))),
});

export const GRAPH_DEF = message("GraphDef", { node: unread(1), library: optional(2, bytes) });
export const FUNCTION_LIBRARY = message("FunctionDefLibrary", { function: unread(1) });

export const NODE_DEF = message("NodeDef", {
  name: optional(1, string),
  op: optional(2, string),
  input: repeated(3, string),
  attr: mapOf(5, bytes),
});

export const ATTR_LIST = message("AttrValue.ListValue", {
  s: repeated(2, bytes),
  i: repeated(3, int64),
  f: repeated(4, float),
  b: repeated(5, bool),
  type: repeated(6, int32),
  shape: repeated(7, bytes),
  tensor: repeated(8, bytes),
  func: repeated(9, bytes),
});
export const ATTR_VALUE = message("AttrValue", {
  list: optional(1, bytes),
  s: optional(2, bytes),
  i: optional(3, int64),
  f: optional(4, float),
  b: optional(5, bool),
  type: optional(6, int32),
  shape: optional(7, nested(TENSOR_SHAPE)),
  tensor: optional(8, bytes),
  placeholder: optional(9, string),
  func: optional(10, bytes),
});
export const NAME_ATTR_LIST = message("NameAttrList", { name: optional(1, string), attr: mapOf(2, bytes) });

const ARG_DEF = message("OpDef.ArgDef", {
  name: optional(1, string),
  type: optional(3, int32),
  numberAttr: optional(5, string),
  typeListAttr: optional(6, string),
});
export const OP_LIST = message("OpList", { op: unread(1) });
export const OP_NAME = message("OpDef", { name: optional(1, string) });
export const OP_DEF = message("OpDef", {
  name: optional(1, string),
  inputArg: repeated(2, nested(ARG_DEF)),
  outputArg: repeated(3, nested(ARG_DEF)),
});
export type OpDef = MessageOf<typeof OP_DEF>;

export const FUNCTION_NAME = message("FunctionDef", { signature: optional(1, nested(OP_NAME)) });
export const FUNCTION_DEF = message("FunctionDef", {
  signature: optional(1, nested(OP_DEF)),
  node: unread(3),
  ret: mapOf(4, string),
  argAttr: repeated(
    7,
    nested(
      message("ArgAttrs entry", {
        index: optional(1, uint32),
        attrs: optional(2, nested(message("ArgAttrs", { attr: mapOf(1, bytes) }))),
      }),
    ),
  ),
});

export const TENSOR_PROTO = message("TensorProto", {
  dtype: optional(1, int32),
  shape: optional(2, nested(TENSOR_SHAPE)),
  content: optional(4, bytes),
  float: repeated(5, float),
  double: repeated(6, double),
  int: repeated(7, int32),
  string: repeated(8, bytes),
  int64: repeated(10, int64),
  bool: repeated(11, bool),
  half: repeated(13, int32),
  uint32: repeated(16, uint32),
  uint64: repeated(17, uint64),
});
export type TensorProto = MessageOf<typeof TENSOR_PROTO>;

export const OBJECT_GRAPH = message("SavedObjectGraph", {
  nodes: unread(1),
  concreteFunctions: mapOf(2, bytes),
});
const OBJECT_CHILD = message("ObjectReference", {
  nodeId: optional(1, int32),
  localName: optional(2, string),
});
export const SAVED_OBJECT = message("SavedObject", {
  children: repeated(1, nested(OBJECT_CHILD)),
  function: optional(6, nested(message("SavedFunction", { concreteFunctions: repeated(1, string) }))),
  variable: optional(7, bytes),
  bareFunction: optional(8, nested(message("SavedBareConcreteFunction", { name: optional(1, string) }))),
  constant: optional(9, nested(message("SavedConstant", { operation: optional(1, string) }))),
  resource: optional(10, bytes),
});
export const CONCRETE_FUNCTION = message("SavedConcreteFunction", { boundInputs: repeated(2, int32) });

export const TRACKABLE_GRAPH = message("TrackableObjectGraph", { nodes: unread(1) });
export const TRACKABLE_OBJECT = message("TrackableObject", {
  attributes: repeated(
    2,
    nested(
      message("SerializedTensor", {
        name: optional(1, string),
        fullName: optional(2, string),
        checkpointKey: optional(3, string),
      }),
    ),
  ),
});

export const BUNDLE_HEADER = message("BundleHeaderProto", {
  shards: optional(1, int32),
  endianness: optional(2, int32),
});
const EXTENT = message("TensorSliceProto.Extent", { start: optional(1, int53), length: optional(2, int53) });
export const BUNDLE_ENTRY = message("BundleEntryProto", {
  dtype: optional(1, int32),
  shape: optional(2, nested(TENSOR_SHAPE)),
  shard: optional(3, int32),
  offset: optional(4, int53),
  size: optional(5, int53),
  crc32c: optional(6, fixed32),
  slices: repeated(7, nested(message("TensorSliceProto", { extent: repeated(1, nested(EXTENT)) }))),
});
export type BundleEntry = MessageOf<typeof BUNDLE_ENTRY>;
