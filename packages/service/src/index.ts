export { type OwnerKeys, ownerKeys } from "./data-folder.ts";
export type { RuntimeDescription } from "./runtime-description.ts";
export { type Service, type ServiceOptions, startService } from "./service.ts";
