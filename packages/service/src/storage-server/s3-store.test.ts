import { S3Client } from "@aws-sdk/client-s3";
import { S3Store } from "@fieldmark/object-store/s3";
import { objectStoreContract } from "@fieldmark/object-store/test-support";
import { ACCESS_KEY, SECRET_KEY, startStorageServer } from "./storage-server.test-support.ts";

objectStoreContract("S3Store on the storage server", async () => {
  const server = await startStorageServer();
  await server.store.createBucket("birds");
  const client = new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  });
  return {
    store: new S3Store(client),
    bucket: "birds",
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
});
