import { objectStoreContract } from "../test-support/index.ts";
import { MemoryStore } from "./memory-store.ts";

objectStoreContract("MemoryStore", async () => {
  const store = new MemoryStore();
  store.createBucket("birds");
  return { store, bucket: "birds", [Symbol.asyncDispose]: async () => {} };
});
