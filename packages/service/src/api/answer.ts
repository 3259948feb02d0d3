import type { ServerResponse } from "node:http";

/** A whole answer of a service that is not S3. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A refusal or failure, before a protocol gives it its form. */
export interface Failure {
  readonly status: number;
  /** As AWS calls it: `ResourceNotFound`. */
  readonly code: string;
  readonly message: string;
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
