import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { FieldmarkError } from "@fieldmark/contract";

/**
 * Tokens that say where a list goes on. They hold the last row, so that rows which are added meanwhile move nothing; they
 * are bound to the query and sealed, so that one which was changed, or belongs to another list, is refused.
 */
export interface NextTokens {
  seal(query: unknown, position: readonly (string | number)[]): string;
  /** @throws POSITION_INVALID */
  open(query: unknown, token: string): readonly (string | number)[];
}

/** @param secret of the data folder: a token is good after a restart of the service, and nowhere else */
export function createNextTokens(secret: string): NextTokens {
  const key = createHmac("sha256", secret).update("NextToken").digest();
  const tag = (query: unknown, body: string): Buffer => {
    const digest = createHash("sha256").update(JSON.stringify(query)).digest();
    return createHmac("sha256", key).update(digest).update(body).digest().subarray(0, 16);
  };
  return {
    seal(query, position) {
      const body = Buffer.from(JSON.stringify(position)).toString("base64url");
      return `${body}.${tag(query, body).toString("base64url")}`;
    },
    open(query, token) {
      const [body = "", seal = "", ...rest] = token.split(".");
      const given = Buffer.from(seal, "base64url");
      const expected = tag(query, body);
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
        throw new FieldmarkError("POSITION_INVALID", "Invalid pagination token: it is not one of this list.");
      return JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
    },
  };
}
