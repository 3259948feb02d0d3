export { type OwnerKeys, ownerKeys } from "./data-folder.ts";
export type { EnvironmentRecord } from "./environments/environment.ts";
export { Environments } from "./environments/environments.ts";
export { type MachineCheck, reportMachine } from "./machine-report.ts";
export type { RuntimeDescription } from "./runtime-description.ts";
export type { Service, ServiceOptions } from "./service.ts";
export { startService } from "./start-service.ts";
