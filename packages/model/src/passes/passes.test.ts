import fc from "fast-check";
import { expect, test } from "vitest";
import { checkGraph } from "../graph/check.ts";
import type { Graph } from "../graph/graph.ts";
import { floats, relativeDifference, runGraph } from "../graph/run-graph.test-support.ts";
import { lower } from "../lowerings/lower.ts";
import { PASSES, runPasses } from "./passes.ts";
import { randomImageGraph } from "./random-image-graph.test-support.ts";

const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

test("no pass changes what a random graph of image ops computes", async () => {
  const image = { x: floats([2, 9, 8, 3], 7) };
  const property = fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 14 }), async (seed, steps) => {
    const lowered = lower(randomImageGraph(seed, steps));
    const plain = await runGraph(lowered, image, { optimized: false });
    const passed = await runGraph(runPasses(lowered), image, { optimized: false });
    for (const [index, output] of plain.entries()) {
      expect(relativeDifference(passed[index]!, output)).toBeLessThan(2e-5);
    }
  });
  await fc.assert(property, { numRuns: 60, seed: 4 });
});

test("running a pass again on a finished graph keeps it sound, and only a choice of layouts may add nodes", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const graph = runPasses(lower(randomImageGraph(seed, 10)));
      for (const [name, pass] of Object.entries(PASSES)) {
        const again = pass(graph);
        checkGraph(again, name);
        // Layouts are chosen step by step from where the transposes stand: other places may lead to one more.
        const more = name === "channelsFirst" ? 1 : 0;
        expect(ops(again).length, name).toBeLessThanOrEqual(graph.nodes.length + more);
      }
    }),
    { numRuns: 100, seed: 2, examples: [[2136331973]] },
  );
});

test("after all passes no Transpose or Reshape stands next to one that undoes it", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const graph = runPasses(lower(randomImageGraph(seed, 12)));
      const makers = new Map(
        graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
      );
      for (const node of graph.nodes) {
        if (node.op !== "Transpose") continue;
        expect(makers.get(node.inputs[0]!)?.op).not.toBe("Transpose");
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});
