import { hash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type CredentialLookup,
  ERRORS,
  FieldmarkError,
  type ModelledService,
  SERVICE_MODELS,
  validateInput,
  verifySignature,
} from "@fieldmark/contract";
import { type Answer, type Failure, sendAnswer } from "./answer.ts";
import { authenticationAnswer } from "./authentication-answers.ts";
import { jsonProtocol } from "./json-protocol.ts";
import type { Call, Identity, OperationTable } from "./operation.ts";
import type { Protocol } from "./protocol.ts";
import { queryProtocol } from "./query-protocol.ts";
import { MAX_BODY, readBody } from "./read-body.ts";
import { splitUrl, tellService } from "./tell-service.ts";

export interface DispatchOptions {
  readonly operations: OperationTable;
  /** Answers S3's requests, signature and all; never rejects. */
  readonly storageServer: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly lookup: CredentialLookup<Identity>;
  readonly region: string;
  readonly accountId: string;
  /** What a request without signature for `/` is told; plain JSON. */
  readonly health: () => unknown;
  readonly now: () => Date;
  /** Told of every error that is a bug of ours or the fault of this machine, such as a full disk. */
  readonly onDefect: (error: unknown, request: string) => void;
}

/** A handler of `request` and `checkContinue` of a node:http server; it never rejects. */
export type Dispatch = (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;

const PROTOCOLS: Readonly<Record<ModelledService, Protocol>> = {
  sagemaker: jsonProtocol,
  logs: jsonProtocol,
  sts: queryProtocol,
  iam: queryProtocol,
};

/** The life of a request: which service → body → who → which operation → input → work → answer. */
export function createDispatch(options: DispatchOptions): Dispatch {
  return async (incoming, response) => {
    const service = tellService(incoming);
    if (service === "s3") return await options.storageServer(incoming, response);
    if (service === "health") return sendAnswer(response, healthAnswer(options.health()));
    const requestId = randomUUID();
    const body = await readBody(incoming, response);
    if (body === "gone") return;
    if (typeof body === "string") return refuseBody(response, body, { service, requestId });
    const request = { incoming, body, service, requestId };
    sendAnswer(response, await answerTo(request, options));
  };
}

interface ServiceRequest {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly service: ModelledService;
  readonly requestId: string;
}

async function answerTo(request: ServiceRequest, options: DispatchOptions): Promise<Answer> {
  const { incoming, service, requestId } = request;
  const protocol = PROTOCOLS[service];
  try {
    return await callOperation(request, protocol, options);
  } catch (error) {
    if (!(error instanceof FieldmarkError) || error.fault === "service" || error.fault === "environment")
      options.onDefect(error, `${incoming.method} ${incoming.url} (${service}, ${requestId})`);
    return protocol.failure(failureOf(error), service, requestId);
  }
}

async function callOperation(
  { incoming, body, service, requestId }: ServiceRequest,
  protocol: Protocol,
  { operations, lookup, region, accountId, now }: DispatchOptions,
): Promise<Answer> {
  const refuse = (failure: Failure) => protocol.failure(failure, service, requestId);
  const { headers, method = "GET", url = "/" } = incoming;
  const [path, query] = splitUrl(url);
  const received = now();
  const verified = await verifySignature(
    { method, path, query, headers },
    { service, region, lookup, now: received, bodySha256: hash("sha256", body, "hex") },
  );
  if (!verified.ok) return refuse(authenticationAnswer(verified.failure, protocol.name));

  const asked = protocol.read({ query, headers, body }, service);
  if ("code" in asked) return refuse(asked);
  const operation = operations.get(`${SERVICE_MODELS[service].targetPrefix ?? service}.${asked.operation}`);
  if (operation === undefined) return refuse(protocol.unknownOperation(asked.operation));

  const validation = validateInput(service, asked.operation, asked.json);
  if (!validation.ok) {
    const code =
      validation.kind === "serialization" ? "SerializationException" : protocol.invalidInput(service);
    return refuse({ status: 400, code, message: validation.message });
  }
  const call: Call = { identity: verified.identity, region, accountId, requestId, now: received };
  const output = await operation(validation.input, call);
  return protocol.success(output, { service, operation: asked.operation }, requestId);
}

function failureOf(error: unknown): Failure {
  if (error instanceof FieldmarkError && error.fault !== "service") {
    const { http: status, aws: code } = ERRORS[error.code];
    return { status, code, message: error.message };
  }
  return {
    status: 500,
    code: "InternalFailure",
    message: "The request processing has failed because of an unknown error, exception or failure.",
  };
}

function refuseBody(
  response: ServerResponse,
  problem: "too-large" | "too-slow",
  { service, requestId }: { readonly service: ModelledService; readonly requestId: string },
): void {
  const failure: Failure =
    problem === "too-large"
      ? {
          status: 413,
          code: "RequestEntityTooLarge",
          message: `The request is larger than ${MAX_BODY} bytes.`,
        }
      : { status: 408, code: "RequestTimeout", message: "The request was not sent in time." };
  response.setHeader("connection", "close");
  response.once("finish", () => response.socket?.destroySoon());
  sendAnswer(response, PROTOCOLS[service].failure(failure, service, requestId));
}

const healthAnswer = (health: unknown): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify(health)}\n`,
});
