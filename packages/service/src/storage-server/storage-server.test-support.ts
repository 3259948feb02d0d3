import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderStore } from "@fieldmark/object-store";
import { createStorageServer } from "./storage-server.ts";

export const ACCESS_KEY = "AKIAFIELDMARKTEST000";
export const SECRET_KEY = "fieldmark/test+secret";
/** Of somebody who may not name files; the secret is the same. */
export const GUEST_KEY = "AKIAFIELDMARKGUEST00";

export interface RunningStorageServer extends AsyncDisposable {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** The data folder. */
  readonly folder: string;
  readonly store: FolderStore;
  /** What was answered with InternalError. */
  readonly defects: readonly unknown[];
}

/** A storage server on a free port with a data folder of its own; disposal removes both. */
export async function startStorageServer({
  port = 0,
  region = "us-east-1",
  now = () => new Date(),
}: {
  readonly port?: number;
  readonly region?: string;
  readonly now?: () => Date;
} = {}): Promise<RunningStorageServer> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-s3-"));
  const store = await FolderStore.open(folder);
  const defects: unknown[] = [];
  const handle = createStorageServer({
    store,
    region,
    now,
    lookup: (accessKeyId) =>
      accessKeyId === ACCESS_KEY || accessKeyId === GUEST_KEY
        ? { secretAccessKey: SECRET_KEY, identity: accessKeyId }
        : "unknown-key",
    mayNameFiles: (identity) => identity === ACCESS_KEY,
    onDefect: (error) => void defects.push(error),
  });
  const server = createServer({ requestTimeout: 0 }, (incoming, response) => void handle(incoming, response));
  server.on("checkContinue", (incoming, response) => void handle(incoming, response));
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    folder,
    store,
    defects,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
