// The module beside viem's strict isAddress and beside ajv: size, cold start, validations a second, on the cases file.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { flat } from "../../../edge-wasm/host/validator.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const require = createRequire(join(root, ".tools/edge/"));
const { isAddress } = require("viem");
const Ajv = require("ajv");
const path = join(root, "edge-wasm/pkg/web/risk_edge_bg.wasm");
const bytes = readFileSync(path);
console.log(`size      ${bytes.length} B raw, ${gzipSync(bytes, { level: 9 }).length} B gzip, ${brotliCompressSync(bytes).length} B brotli (aim: 40960 B compressed)`);

const web = await import("../../../edge-wasm/pkg/web/risk_edge.js");
const cold = performance.now();
web.initSync({ module: new WebAssembly.Module(bytes) });
console.log(`cold      ${(performance.now() - cold).toFixed(2)} ms to compile and instantiate`);

/** Runs a task over items for about a second; answers operations a second, and the median and 99th percentile in µs. */
function measure(items, task) {
  for (let round = 0; round < 3; round++) for (const item of items) task(item);
  const times = [];
  let total = 0;
  while (total < 1_000) {
    for (const item of items) {
      const from = performance.now();
      task(item);
      const took = performance.now() - from;
      times.push(took);
      total += took;
    }
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)] * 1_000;
  return { perSecond: (times.length / total) * 1_000, p50: at(0.5), p99: at(0.99) };
}
function print(name, { perSecond, p50, p99 }, beside) {
  const ratio = beside ? `  ×${(perSecond / beside.perSecond).toFixed(2)} of ours` : "";
  console.log(`${name.padEnd(34)}${Math.round(perSecond).toString().padStart(9)}/s  p50 ${p50.toFixed(1)} µs  p99 ${p99.toFixed(1)} µs${ratio}`);
}

// Addresses, each one new, as a service sees them: viem keeps 8,192 answers.
const addresses = Array.from({ length: 50_000 }, () => {
  const digits = Array.from({ length: 40 }, () => "0123456789abcdef"[Math.floor(Math.random() * 16)]).join("");
  return web.checksum_address(`0x${digits}`);
});
const own = measure(addresses, web.is_address);
print("is_address", own);
print("viem isAddress, strict", measure(addresses, (text) => isAddress(text)), own);

// Requests with JSON bodies, and summaries: what a schema can say of them.
const expand = (value) => (Array.isArray(value) ? value.map((part) => (Array.isArray(part) ? part[0].repeat(part[1]) : part)).join("") : (value ?? ""));
const lines = readFileSync(join(root, "tests/edge/cases.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
const cases = lines
  .map(({ method, target, headers = [], body }) => ({ method, target: expand(target), headers: headers.map(([name, value]) => [name, expand(value)]), body: expand(body) }))
  .filter(({ body }) => body.length < 4_096);
const empty = new Uint8Array(0);
const encoder = new TextEncoder();
const calls = cases.map((one) => ({ ...one, flat: flat(one.headers), bytes: one.body ? encoder.encode(one.body) : empty }));
const id = "f".repeat(32);
const verdict = (one) => JSON.parse(web.validate_request(one.method, one.target, flat(one.headers), one.bytes, id, true, false));
const all = measure(calls, verdict);
print("validate_request, every case", all);

const address = { type: "string", pattern: "^0x[0-9a-fA-F]{40}$" };
const names = { type: "array", maxItems: 100, items: { type: "string" } };
const number = { type: "number" };
const schema = {
  type: "object",
  additionalProperties: false,
  required: ["wallet_address"],
  properties: {
    wallet_address: address, force_refresh: { type: "boolean" }, protocols: names, chains: names,
    shocks: { type: "array", maxItems: 50, items: { type: "object", additionalProperties: false, required: ["target", "change"], properties: { target: { type: "string" }, change: number } } },
    actions: { type: "array", maxItems: 20, items: { type: "object", required: ["type"] } },
    replay: { type: "object" }, oracle_frozen: { type: "boolean" }, gas_factor: { ...number, exclusiveMinimum: 0, maximum: 1000 },
    target_health_factor: { ...number, exclusiveMinimum: 1, maximum: 10 },
    from: { type: "string" }, to: { type: "string" }, rules: { type: "array", maxItems: 10 }, portfolio: { type: "array", maxItems: 50 },
  },
};
const check = new Ajv({ allErrors: true }).compile(schema);
const bodies = calls.filter(({ method, target }) => method === "POST" && /^\/api\/risk\/(analyze|simulate|backtest)$/.test(target));
const decoder = new TextDecoder();
// What a gate made of ajv does: decode, parse, check, and write the problem.
const gate = (one) => {
  let value;
  try {
    value = JSON.parse(decoder.decode(one.bytes));
  } catch (error) {
    return JSON.stringify({ status: 400, detail: String(error) });
  }
  return check(value) || JSON.stringify({ status: 422, errors: check.errors.map(({ instancePath, message }) => ({ field: instancePath, message })) });
};
const ours = measure(bodies, verdict);
print("validate_request, JSON bodies", ours);
print("ajv, the same bodies", measure(bodies, gate), ours);
print("ajv + viem, the same bodies", measure(bodies, (one) => {
  const answer = gate(one);
  return answer === true ? isAddress(JSON.parse(decoder.decode(one.bytes)).wallet_address) : answer;
}), ours);
