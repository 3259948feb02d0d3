import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectStoreContract } from "../test-support/index.ts";
import { FolderStore } from "./folder-store.ts";

objectStoreContract("FolderStore", async () => {
  const root = await mkdtemp(join(tmpdir(), "fieldmark-store-"));
  const store = await FolderStore.open(root);
  await store.createBucket("birds");
  return {
    store,
    bucket: "birds",
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await rm(root, { recursive: true, force: true });
    },
  };
});
