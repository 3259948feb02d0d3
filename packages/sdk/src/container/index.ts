export type { ContainerAccess } from "./access.ts";
export { type Container, type ContainerInput, type ContainerOutput, readContainer } from "./container.ts";
export { EXIT_MESSAGE_BYTES } from "./exit-message.ts";
