// usage: node load-model.mjs MODEL CACHE: seconds from the call of loadModel to the open session, as JSON.
import { loadModel } from "@fieldmark/model";

const [path, cacheFolder] = process.argv.slice(2);
const started = performance.now();
const model = await loadModel(path, { cacheFolder });
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, cached: model.cached }));
await model.close();
