import { SERVICE_MODELS, type ServiceModel } from "@fieldmark/contract";
import type { Answer, Failure } from "./answer.ts";
import type { Protocol } from "./protocol.ts";

const JSON_TYPE = "application/x-amz-json-1.1";

/** AWS JSON 1.1, of SageMaker and CloudWatch Logs. */
export const jsonProtocol: Protocol = {
  name: "json",

  invalidInput: (service) => (service === "logs" ? "InvalidParameterException" : "ValidationException"),

  read({ headers, body }, service) {
    const type = headers["content-type"] ?? JSON_TYPE;
    if (/cbor/i.test(type)) return notSerialized(`${type} is not served here: send ${JSON_TYPE}`);
    const target = String(headers["x-amz-target"] ?? "");
    const prefix = `${SERVICE_MODELS[service].targetPrefix}.`;
    if (!target.startsWith(prefix)) return { status: 400, code: "UnknownOperationException", message: "" };
    const json = parseJson(body);
    if (json === undefined) return notSerialized("The request body is no JSON text in UTF-8");
    return { operation: target.slice(prefix.length), json };
  },

  unknownOperation: () => ({ status: 400, code: "UnknownOperationException", message: "" }),

  success(output, { service, operation }, requestId) {
    const model: ServiceModel = SERVICE_MODELS[service];
    const hasOutput = model.operations[operation]?.output !== null;
    return answer(200, hasOutput ? JSON.stringify(output) : "", requestId);
  },

  failure: ({ status, code, message }, _, requestId) => {
    const { headers, ...rest } = answer(status, JSON.stringify({ __type: code, message }), requestId);
    return { ...rest, headers: { ...headers, "x-amzn-errortype": code } };
  },
};

const notSerialized = (message: string): Failure => ({
  status: 400,
  code: "SerializationException",
  message,
});

const answer = (status: number, body: string, requestId: string): Answer => ({
  status,
  headers: { "content-type": JSON_TYPE, "x-amzn-requestid": requestId },
  body,
});

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** undefined when it is no JSON; an empty body is an empty structure. */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
