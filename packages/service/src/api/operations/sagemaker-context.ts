import type { JobStore } from "../../store/job-store.ts";
import type { NextTokens } from "../next-token.ts";

/** What the operations of SageMaker work on. */
export interface SageMakerContext {
  readonly jobs: JobStore;
  /** `--max-instances` */
  readonly maxInstances: number;
  readonly nextTokens: NextTokens;
  /** Called after something was recorded that the controller should look at. */
  readonly wake: () => void;
  /** Why no job goes on at the moment, and since when (epoch ms); null where nothing keeps them. */
  readonly trouble: () => { readonly reason: string; readonly since: number } | null;
}
