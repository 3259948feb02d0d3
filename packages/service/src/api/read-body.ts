import type { IncomingMessage, ServerResponse } from "node:http";

/** Longest request of a service that is not S3, bytes. */
export const MAX_BODY = 5 * 2 ** 20;
/** How long a client may take to send it, ms. */
const MAX_BODY_TIME = 30_000;

/** Why there is no whole body. */
export type UnreadBody = "too-large" | "too-slow" | "gone";

/** Reads a request's body, bounded in size and time. */
export async function readBody(
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<Buffer | UnreadBody> {
  if (Number(incoming.headers["content-length"] ?? 0) > MAX_BODY) return "too-large";
  if (/100-continue/i.test(incoming.headers.expect ?? "")) response.writeContinue();
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (result: Buffer | UnreadBody) => {
      clearTimeout(timer);
      incoming.off("data", onData);
      resolve(result);
    };
    const timer = setTimeout(() => settle("too-slow"), MAX_BODY_TIME);
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY) settle("too-large");
      else chunks.push(chunk);
    };
    incoming
      .on("data", onData)
      .once("end", () => settle(Buffer.concat(chunks)))
      .once("error", () => settle("gone"))
      .once("close", () => settle("gone"));
  });
}
