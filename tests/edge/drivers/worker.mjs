// The Worker in the real workerd: `worker.mjs ORIGIN TIMEOUT_MS [broken] [CORS_ORIGIN]`; prints its URL, ends with its input.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const { Miniflare } = createRequire(join(root, ".tools/edge/"))("miniflare");
const [origin, timeout, how, cors] = process.argv.slice(2);
const read = (path) => readFileSync(join(root, "edge-wasm", path));
const wrangler = read("worker/wrangler.toml").toString();
const wasm = "pkg/web/risk_edge_bg.wasm";
// A module that is WebAssembly and has nothing in it: it compiles, and cannot be used.
const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const scripts = ["worker/src/index.js", "worker/src/module.js", "host/validator.js", "pkg/web/risk_edge.js"];
const modules = [
  ...scripts.map((path) => ({ type: "ESModule", path, contents: read(path).toString() })),
  { type: "CompiledWasm", path: wasm, contents: how === "broken" ? empty : read(wasm) },
];
const miniflare = new Miniflare({
  modules,
  host: "127.0.0.1",
  port: 0,
  compatibilityDate: /compatibility_date = "(.*)"/.exec(wrangler)[1],
  bindings: { ORIGIN: origin, AUTH_MODE: "keys", CORS_ORIGINS: cors ?? "", ORIGIN_TIMEOUT_MS: timeout },
});
console.log((await miniflare.ready).origin);
process.stdin.on("end", () => miniflare.dispose().then(() => process.exit(0)));
process.stdin.resume();
process.on("SIGTERM", () => miniflare.dispose().then(() => process.exit(0)));
