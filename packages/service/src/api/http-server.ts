import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { FieldmarkError } from "@fieldmark/contract";
import type { Dispatch } from "./dispatch.ts";

/** Bytes of a request's head; a presigned URL of the longest key, escaped, needs 6 KiB. */
const MAX_HEADER_SIZE = 64 * 1024;
/** How long a client may take to send a request's head, ms. */
const HEADERS_TIMEOUT = 20_000;
/** How long an idle connection is kept, ms: longer than clients keep theirs, so that they close first. */
const KEEP_ALIVE_TIMEOUT = 120_000;
/** A connection on which nothing moves in the middle of a request, ms. A large upload may take hours. */
const STALL_TIMEOUT = 300_000;

/** An HTTP server that slow, idle and broken clients do not wear out. */
export function createHttpServer(
  dispatch: Dispatch,
  onDefect: (error: unknown, request: string) => void,
): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_SIZE,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionsCheckingInterval: 5_000,
  });
  server.timeout = STALL_TIMEOUT;
  server.maxRequestsPerSocket = 0;
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    dispatch(incoming, response).catch((error: unknown) => {
      onDefect(error, `${incoming.method} ${incoming.url}`);
      response.destroy();
    });
  };
  server.on("request", handle).on("checkContinue", handle);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const status =
      error.code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? "408 Request Timeout"
          : "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  return server;
}

/**
 * @returns the port, which the machine chose where 0 was asked for
 * @throws LISTEN_FAILED
 */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "something else listens there" : error.message;
      reject(
        new FieldmarkError(
          "LISTEN_FAILED",
          `cannot listen on ${host}:${port}: ${reason}`,
          { host, port },
          error,
        ),
      );
    });
    server.listen({ host, port, backlog: 1024 }, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** The URL of a host, which may be an IPv6 address. */
export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
