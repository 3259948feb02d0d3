import { parseQuery, SERVICE_MODELS, type ServiceModel } from "@fieldmark/contract";
import type { Answer } from "./answer.ts";
import type { Protocol } from "./protocol.ts";

/** AWS Query, of STS and IAM: a form in, XML out. Inputs of the served operations are plain texts. */
export const queryProtocol: Protocol = {
  name: "query",

  invalidInput: () => "ValidationError",

  read({ query, body }) {
    const form = [...parseQuery(query), ...parseQuery(body.toString("latin1"))];
    const { Action: operation = "", ...rest } = Object.fromEntries(
      form.map(({ name, value }) => [name, value]),
    );
    if (operation === "")
      return { status: 400, code: "MissingAction", message: "The request has no Action." };
    return { operation, json: rest };
  },

  unknownOperation: (operation) => ({
    status: 400,
    code: "InvalidAction",
    message: `Could not find operation ${operation}`,
  }),

  success(output, { service, operation }, requestId) {
    const model: ServiceModel = SERVICE_MODELS[service];
    const shape = model.operations[operation]?.output;
    const result = shape ? membersXml(output, shape, model) : "";
    const body =
      `<${operation}Response xmlns="${model.xmlNamespace}"><${operation}Result>${result}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`;
    return answer(200, body, requestId);
  },

  failure({ status, code, message }, service, requestId) {
    const { xmlNamespace } = SERVICE_MODELS[service];
    const type = status < 500 ? "Sender" : "Receiver";
    const body =
      `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${type}</Type><Code>${escapeXml(code)}</Code>` +
      `<Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return answer(status, body, requestId);
  },
};

const answer = (status: number, body: string, requestId: string): Answer => ({
  status,
  headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
  body,
});

/** Elements of a structure, in the model's order; times are epoch seconds inside and ISO in XML. */
function membersXml(value: unknown, shapeName: string, model: ServiceModel): string {
  const shape = model.shapes[shapeName];
  if (shape?.type === "structure")
    return Object.entries(shape.members)
      .map(([name, member]) => [name, member, property(value, name)] as const)
      .filter(([, , inner]) => inner !== undefined)
      .map(([name, member, inner]) => `<${name}>${membersXml(inner, member, model)}</${name}>`)
      .join("");
  if (shape?.type === "timestamp") return new Date(Number(value) * 1000).toISOString().replace(".000Z", "Z");
  return escapeXml(String(value));
}

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text of an element; what XML 1.0 cannot hold is replaced. */
const escapeXml = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
