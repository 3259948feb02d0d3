import type { IncomingHttpHeaders } from "node:http";
import type { ModelledService } from "@fieldmark/contract";
import type { Answer, Failure } from "./answer.ts";

/** A request as far as it must be read to know what it asks. */
interface RawRequest {
  /** raw, without `?` */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How requests of a service are written on the wire, and their answers. */
export interface Protocol {
  readonly name: "json" | "query";
  /** Code of an input that its model does not allow. */
  invalidInput(service: ModelledService): string;
  /** Name and raw input of the operation that is asked for; a Failure when it cannot be read. */
  read(
    request: RawRequest,
    service: ModelledService,
  ): { readonly operation: string; readonly json: unknown } | Failure;
  unknownOperation(operation: string): Failure;
  success(output: unknown, of: OperationName, requestId: string): Answer;
  failure(failure: Failure, service: ModelledService, requestId: string): Answer;
}

interface OperationName {
  readonly service: ModelledService;
  readonly operation: string;
}
