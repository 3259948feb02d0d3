/** Package arrows of docs/architecture.md: each package may import only what stands after its arrow. */
const ARROWS = {
  contract: [],
  "object-store": ["contract"],
  model: ["contract"],
  imaging: ["contract"],
  samples: ["contract", "imaging"],
  evaluation: ["contract", "model", "imaging"],
  service: ["contract", "object-store"],
  sdk: ["contract"],
  cli: ["contract", "model", "imaging", "evaluation", "samples", "service", "sdk"],
};
const names = Object.keys(ARROWS);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...names.map((name) => ({
      name: `arrows-of-${name}`,
      severity: "error",
      comment: `packages/${name} may import only: ${ARROWS[name].join(", ") || "nothing of ours"} (docs/architecture.md)`,
      from: { path: `^packages/${name}/` },
      to: {
        path: `^packages/(${names.filter((other) => other !== name && !ARROWS[name].includes(other)).join("|") || "-"})/`,
      },
    })),
    {
      name: "through-the-index",
      severity: "error",
      comment: "A package's index.ts is its whole surface: import the package by its name",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/([^/]+)/(src|dist)/", pathNot: ["^packages/$1/", "/index\\.(ts|d\\.ts|js)$"] },
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "dist"] },
    exclude: { path: ["/dist/", "\\.wasm$", "/kernel/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "types", "default"],
    },
  },
};
