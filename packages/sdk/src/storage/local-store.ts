import type { S3Location } from "./s3-uri.ts";

/**
 * The service's own store on this machine, written without HTTP. Whoever opens the service's data folder gives it to
 * the session; elsewhere uploads go to S3's API.
 */
export interface LocalStore {
  /** Makes the object of a file; durable and whole when it resolves. The file stays as it is, and its own. */
  put(to: S3Location, path: string): Promise<void>;
}
