/** What a service can be told of where instances run. */
export const RUNTIME_CHOICES = ["auto", "process", "docker"] as const;
export type RuntimeChoice = (typeof RUNTIME_CHOICES)[number];
