// npm run fuzz -- [FACTOR] [SEED]: the parsers' fuzz tests with FACTOR times as many rounds (default 20).
import { step } from "./steps.mjs";

const [factor = "20", seed = "1"] = process.argv.slice(2);
step(`Fuzzing, ${factor} times the rounds`, "npx", ["vitest", "run", "fuzz", "--testTimeout", "3600000"], {
  env: { ...process.env, FIELDMARK_FUZZ: factor, FIELDMARK_FUZZ_SEED: seed },
});
