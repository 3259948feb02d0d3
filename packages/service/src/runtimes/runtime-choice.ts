/** What a service can be told of where instances run. */
export type RuntimeChoice = "auto" | "process" | "docker";
