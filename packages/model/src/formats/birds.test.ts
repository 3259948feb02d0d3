import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readSavedModel } from "./read-saved-model.ts";

const BIRDS = fileURLToPath(new URL("../../../../../shared/data/birds/model.tar.gz", import.meta.url));

test.skipIf(!existsSync(BIRDS))(
  "the birds model, under 1/ (skipped without ../shared/data/birds)",
  async () => {
    const { source, notes, digest } = await readSavedModel(BIRDS);
    expect(digest).toBe("sha256:8e246af982cdeb808eacfb360fb362173906ffede1b2780b9cb93ae4521e30fc");
    expect(source.producer).toBe("TensorFlow 2.15.1");
    expect(source.signatures.map(({ name }) => name)).toEqual(["serving_default"]);
    expect({ ...source.signature.inputs }).toEqual({
      input_1: { dataType: "float32", shape: [null, 224, 224, 3] },
    });
    expect({ ...source.signature.outputs }).toEqual({ output: { dataType: "float32", shape: [null, 6] } });
    const count = (op: string): number => source.graph.nodes.filter((node) => node.op === op).length;
    expect([count("Conv2D"), count("DepthwiseConv2dNative"), count("Softmax")]).toEqual([35, 17, 1]);
    expect(source.graph.constants.get("output/kernel")?.shape).toEqual([1280, 6]);
    const views = [...source.graph.constants.values()].flatMap(({ dataType, data }) =>
      dataType === "float32" && ArrayBuffer.isView(data) ? [data.buffer] : [],
    );
    expect(new Set(views).size, "all weights are views of one buffer").toBe(1);
    expect(notes).toEqual([]);
  },
);
