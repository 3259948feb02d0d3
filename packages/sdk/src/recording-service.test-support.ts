import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Session } from "./session.ts";

export interface RecordingService extends AsyncDisposable {
  readonly session: Session;
  /** The last CreateProcessingJob request. */
  request(): unknown;
  /** Paths of the objects that were put, with their bodies as they came. */
  readonly uploads: ReadonlyMap<string, Buffer>;
}

/** Takes requests over the wire and writes them down; it runs no jobs. */
export async function recordingService(): Promise<RecordingService> {
  const uploads = new Map<string, Buffer>();
  let created: unknown;
  const server = createServer(async (incoming, response) => {
    const body = await bodyOf(incoming);
    if (incoming.method === "PUT") uploads.set(incoming.url?.split("?")[0] ?? "", body);
    if (incoming.headers["x-amz-target"] === "SageMaker.CreateProcessingJob") {
      created = JSON.parse(body.toString("utf8"));
      response.end('{"ProcessingJobArn":"arn:aws:sagemaker:us-east-1:123456789012:processing-job/x"}');
    } else response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const session = new Session({
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    defaultBucket: "birds",
  });
  return {
    session,
    request: () => created,
    uploads,
    async [Symbol.asyncDispose]() {
      session[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
