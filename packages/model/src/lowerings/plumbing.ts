import type { Lowering, LoweringTable } from "./lowering.ts";

/** Outputs are the inputs: nothing of these ops is left at inference. */
const pass: Lowering = (node) => node.inputs.slice(0, node.outputs);

export const plumbing = {
  Identity: pass,
  IdentityN: pass,
  StopGradient: pass,
  PreventGradient: pass,
  Snapshot: pass,
  CheckNumerics: pass,
  EnsureShape: pass,
  PlaceholderWithDefault: pass,
} satisfies LoweringTable;
