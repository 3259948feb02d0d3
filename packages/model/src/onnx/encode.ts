import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Graph, NamedValue, Node, ValueType } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import { ONNX_ELEMENT_TYPES } from "./element-types.ts";
import { encodeAttribute, type Nested } from "./encode-attribute.ts";
import { bytesOf } from "./tensor-bytes.ts";
import { WeightsLayout } from "./weights-layout.ts";

/** The operator set that every lowering aims at. */
const ONNX_OPSET = 18;
/** IR version that ONNX 1.13 pairs with operator set 18. */
const IR_VERSION = 8;

/** Tensors of at least this many bytes stand in the weights file, the others in the model itself. */
const EXTERNAL_FROM_BYTES = 1024;

/** An ONNX model and the bytes its weights file must hold. */
export interface EncodedModel {
  /** A ModelProto. */
  readonly model: Uint8Array;
  /** Empty when every tensor is small. */
  readonly weights: WeightsLayout;
}

/**
 * Writes a graph of ONNX ops as a ModelProto; large constants become external data, at their place in one file.
 *
 * @param weightsFile name of that file, in the model's own folder
 * @see onnx.proto: the field numbers
 */
export function encodeModel(graph: Graph, weightsFile: string): EncodedModel {
  const weights = new WeightsLayout();
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  writer.tag(2, WireType.LengthDelimited).string("fieldmark");
  writer.tag(7, WireType.LengthDelimited).fork();
  encodeGraph(writer, graph, (tensor) => {
    if (tensor.dataType === "string") return null;
    const bytes = bytesOf(tensor);
    return bytes.length < EXTERNAL_FROM_BYTES ? null : { file: weightsFile, ...weights.place(bytes) };
  });
  writer.join();
  writer.tag(8, WireType.LengthDelimited).fork().tag(2, WireType.Varint).int64(ONNX_OPSET).join();
  return { model: writer.finish(), weights };
}

interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

type Placement = (tensor: Tensor) => ExternalPlace | null;

const INLINE: Placement = () => null;

const NESTED: Nested = {
  tensor: (writer, tensor) => encodeTensor(writer, tensor, { name: "", place: null }),
  graph: (writer, graph) => encodeGraph(writer, graph, INLINE),
};

function encodeGraph(writer: BinaryWriter, graph: Graph, place: Placement): void {
  const message = (field: number, write: () => void) => {
    writer.tag(field, WireType.LengthDelimited).fork();
    write();
    writer.join();
  };
  for (const node of graph.nodes) message(1, () => encodeNode(writer, node));
  writer.tag(2, WireType.LengthDelimited).string("model");
  for (const [name, tensor] of graph.constants) {
    message(5, () => encodeTensor(writer, tensor, { name, place: place(tensor) }));
  }
  for (const input of graph.inputs) message(11, () => encodeValue(writer, input));
  // Shapes of outputs follow from the nodes; stating them again could only contradict.
  for (const output of graph.outputs) message(12, () => encodeValue(writer, { ...output, shape: null }));
}

function encodeNode(writer: BinaryWriter, { name, op, inputs, outputs, attributes }: Node): void {
  for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  writer.tag(3, WireType.LengthDelimited).string(name);
  writer.tag(4, WireType.LengthDelimited).string(op);
  for (const attribute of Object.entries(attributes)) {
    writer.tag(5, WireType.LengthDelimited).fork();
    encodeAttribute(writer, attribute, NESTED);
    writer.join();
  }
}

interface TensorPlace {
  readonly name: string;
  readonly place: ExternalPlace | null;
}

function encodeTensor(writer: BinaryWriter, tensor: Tensor, { name, place }: TensorPlace): void {
  writer.tag(1, WireType.LengthDelimited).fork();
  for (const size of tensor.shape) writer.int64(size);
  writer.join();
  writer.tag(2, WireType.Varint).int32(ONNX_ELEMENT_TYPES[tensor.dataType]);
  writer.tag(8, WireType.LengthDelimited).string(name);
  if (place !== null) {
    const { file, offset, length } = place;
    for (const [key, value] of Object.entries({ location: file, offset: `${offset}`, length: `${length}` })) {
      writer.tag(13, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(key);
      writer.tag(2, WireType.LengthDelimited).string(value);
      writer.join();
    }
    writer.tag(14, WireType.Varint).int32(1);
  } else if (tensor.dataType === "string") {
    for (const item of tensor.data as readonly Uint8Array[])
      writer.tag(6, WireType.LengthDelimited).bytes(item);
  } else {
    writer.tag(9, WireType.LengthDelimited).bytes(bytesOf(tensor));
  }
}

function encodeValue(
  writer: BinaryWriter,
  { name, dataType, shape }: Pick<NamedValue, "name"> & ValueType,
): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  const type = writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
  type.tag(1, WireType.Varint).int32(ONNX_ELEMENT_TYPES[dataType]);
  if (shape !== null) {
    type.tag(2, WireType.LengthDelimited).fork();
    for (const size of shape) {
      type.tag(1, WireType.LengthDelimited).fork();
      if (size !== null) type.tag(1, WireType.Varint).int64(size);
      type.join();
    }
    type.join();
  }
  type.join().join();
}
