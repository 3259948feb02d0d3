import type { IncomingMessage } from "node:http";
import { FieldmarkError } from "@fieldmark/contract";
import type { Progress } from "./exchange.ts";

/** @throws FILE_TOO_LARGE beyond `limit` bytes */
export async function readBody(message: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limit) throw new FieldmarkError("FILE_TOO_LARGE", `a body of more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const PROGRESS_LIMIT = 1024;

/** @throws JSON_INVALID */
export async function readProgress(message: IncomingMessage): Promise<Progress> {
  const text = Buffer.from(await readBody(message, PROGRESS_LIMIT)).toString("utf8");
  const value: { readonly done?: unknown; readonly total?: unknown } | null = JSON.parse(text);
  const { done, total } = value ?? {};
  if (Number.isSafeInteger(done) && Number.isSafeInteger(total))
    return { done: Number(done), total: Number(total) };
  throw new FieldmarkError("JSON_INVALID", `a worker's progress is ${text}`);
}
