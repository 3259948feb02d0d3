import { allConstraints, brokenConstraints, lengthConstraints } from "./constraints.ts";
import { IAM_MODEL } from "./iam.generated.ts";
import { formatJava } from "./java-text.ts";
import { LOGS_MODEL } from "./logs.generated.ts";
import { SAGEMAKER_MODEL } from "./sagemaker.generated.ts";
import type { ServiceModel, Shape } from "./service-model.ts";
import { STS_MODEL } from "./sts.generated.ts";
import { checkJsonType, isObject, NotConvertible } from "./wire-types.ts";

/** The services whose requests are validated from their published models. */
export const SERVICE_MODELS = {
  sagemaker: SAGEMAKER_MODEL,
  logs: LOGS_MODEL,
  sts: STS_MODEL,
  iam: IAM_MODEL,
} as const satisfies Record<string, ServiceModel>;

export type ModelledService = keyof typeof SERVICE_MODELS;

export type InputValidation =
  /** The members that the model knows; unknown ones and nulls are left out. */
  | { readonly ok: true; readonly input: Readonly<Record<string, unknown>> }
  /** A JSON type that the model does not have there. */
  | { readonly ok: false; readonly kind: "serialization"; readonly message: string }
  /** `errors` one by one, `message` as AWS words them together. */
  | {
      readonly ok: false;
      readonly kind: "validation";
      readonly message: string;
      readonly errors: readonly string[];
    };

/** Reads the input of an operation as AWS does: types first, then every constraint of the model. */
export function validateInput(service: ModelledService, operation: string, json: unknown): InputValidation {
  const model: ServiceModel = SERVICE_MODELS[service];
  const shape = Object.hasOwn(model.operations, operation) ? model.operations[operation]?.input : undefined;
  if (shape === undefined) throw new Error(`${service} has no operation ${operation}`);
  if (shape === null) return { ok: true, input: {} };
  try {
    const errors: string[] = [];
    const input = read(json ?? {}, shape, { model, path: "", errors });
    return errors.length === 0 && isObject(input)
      ? { ok: true, input }
      : { ok: false, kind: "validation", message: joinErrors(errors), errors };
  } catch (error) {
    if (error instanceof NotConvertible) return { ok: false, kind: "serialization", message: error.message };
    throw error;
  }
}

/** `N validation error(s) detected: …; …` */
export const joinErrors = (errors: readonly string[]): string =>
  `${errors.length} validation error${errors.length === 1 ? "" : "s"} detected: ${errors.join("; ")}`;

/** One error, as AWS words it. */
export const constraintError = (value: unknown, path: string, constraint: string): string =>
  `Value ${value === null || value === undefined ? "null" : `'${formatJava(value)}'`} at '${path}' failed to satisfy constraint: ${constraint}`;

interface Place {
  readonly model: ServiceModel;
  /** lowerCamel, list members 1-based: `processingInputs.1.member.s3Input` */
  readonly path: string;
  readonly errors: string[];
}

function read(value: unknown, shapeName: string, place: Place): unknown {
  const shape = shapeNamed(shapeName, place.model);
  switch (shape.type) {
    case "structure":
      return readStructure(value, shape, place);
    case "list":
      return readList(value, shape, place);
    case "map":
      return readMap(value, shape, place);
    default: {
      checkJsonType(value, shape);
      for (const words of brokenConstraints(value, shape))
        place.errors.push(constraintError(value, place.path, words));
      return value;
    }
  }
}

function readStructure(value: unknown, shape: Extract<Shape, { type: "structure" }>, place: Place): unknown {
  if (!isObject(value)) throw NotConvertible.for(value, "structure");
  const { model, path, errors } = place;
  const pathOf = (name: string) => (path === "" ? lowerCamel(name) : `${path}.${lowerCamel(name)}`);
  const known: Record<string, unknown> = {};
  for (const [name, memberShape] of Object.entries(shape.members)) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member !== undefined && member !== null)
      known[name] = read(member, memberShape, { model, path: pathOf(name), errors });
    else if (shape.required.includes(name))
      errors.push(constraintError(null, pathOf(name), "Member must not be null"));
  }
  return known;
}

function readList(value: unknown, shape: Extract<Shape, { type: "list" }>, place: Place): unknown {
  if (!Array.isArray(value)) throw NotConvertible.for(value, "list");
  checkLength(value, shape, place);
  const member = shapeNamed(shape.member, place.model);
  if (member.type === "structure" || member.type === "list" || member.type === "map")
    return value.map((one: unknown, i) => {
      const path = `${place.path}.${i + 1}.member`;
      if (one !== null) return read(one, shape.member, { ...place, path });
      place.errors.push(constraintError(null, path, "Member must not be null"));
      return one;
    });
  for (const one of value) if (one !== null) checkJsonType(one, member);
  if (value.some((one) => one === null || brokenConstraints(one, member).length > 0))
    place.errors.push(
      constraintError(
        value,
        place.path,
        `Member must satisfy constraint: [${allConstraints(member).join(", ") || "Member must not be null"}]`,
      ),
    );
  return value;
}

function readMap(value: unknown, shape: Extract<Shape, { type: "map" }>, place: Place): unknown {
  if (!isObject(value)) throw NotConvertible.for(value, "map");
  checkLength(value, shape, place);
  const check = (parts: readonly unknown[], name: string, words: string) => {
    const part = shapeNamed(name, place.model);
    if (part.type === "structure" || part.type === "list" || part.type === "map")
      throw new Error(`maps of ${part.type}s occur in no served model`);
    for (const one of parts) if (one !== null) checkJsonType(one, part);
    if (parts.some((one) => one === null || brokenConstraints(one, part).length > 0))
      place.errors.push(
        constraintError(
          value,
          place.path,
          `${words} must satisfy constraint: [${allConstraints(part).join(", ") || "Member must not be null"}]`,
        ),
      );
  };
  check(Object.keys(value), shape.key, "Map keys");
  check(Object.values(value), shape.value, "Map value");
  return value;
}

function checkLength(
  value: object,
  shape: { readonly min?: number; readonly max?: number },
  place: Place,
): void {
  for (const { words, holds } of lengthConstraints(shape))
    if (!holds(value)) place.errors.push(constraintError(value, place.path, words));
}

function shapeNamed(name: string, model: ServiceModel): Shape {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`the model has no shape ${name}`);
  return shape;
}

/** ProcessingJobName → processingJobName, S3Uri → s3Uri, VPCConfig → vPCConfig, as AWS's messages have it. */
const lowerCamel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
