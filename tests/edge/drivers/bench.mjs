// The module beside viem's strict isAddress and beside gates made of ajv: size, cold start, verdicts a second, on the
// cases file.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { validator } from "../../../edge-wasm/host/validator.js";
import { gate } from "./gate.mjs";

const AIM_BYTES = 40 * 1024;
const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const require = createRequire(join(root, ".tools/edge/"));
const { isAddress } = require("viem");
const Ajv = require("ajv");
const bytes = readFileSync(join(root, "edge-wasm/pkg/web/risk_edge_bg.wasm"));
const packed = brotliCompressSync(bytes).length;
console.log(`size      ${bytes.length} B raw, ${gzipSync(bytes, { level: 9 }).length} B gzip, ${packed} B brotli (aim: ${AIM_BYTES} B by brotli)`);

const web = await import("../../../edge-wasm/pkg/web/risk_edge.js");
const cold = performance.now();
web.initSync({ module: new WebAssembly.Module(bytes) });
console.log(`cold      ${(performance.now() - cold).toFixed(2)} ms to compile and instantiate`);

const ROUNDS = 10;
const ROUND_MS = 150;
/** Runs tasks over the same items in turns, so that all of them have the same machine; tells each beside the first. */
function measure(items, tasks) {
  const runs = tasks.map(([name, task]) => ({ name, task, times: [], total: 0 }));
  for (const { task } of runs) for (let time = 0; time < 5; time++) for (const item of items) task(item);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const run of runs) {
      while (run.total < round * ROUND_MS) {
        for (const item of items) {
          const from = performance.now();
          run.task(item);
          const took = performance.now() - from;
          run.times.push(took);
          run.total += took;
        }
      }
    }
  }
  const perSecond = ({ times, total }) => (times.length / total) * 1_000;
  for (const run of runs) {
    run.times.sort((a, b) => a - b);
    const at = (share) => (run.times[Math.floor(run.times.length * share)] * 1_000).toFixed(1);
    const beside = run === runs[0] ? "" : `  ×${(perSecond(run) / perSecond(runs[0])).toFixed(2)} of ours`;
    const count = Math.round(perSecond(run)).toString();
    console.log(`${run.name.padEnd(48)}${count.padStart(9)}/s  p50 ${at(0.5)} µs  p99 ${at(0.99)} µs${beside}`);
  }
}

console.log("\naddresses, each one new, as a service sees them: viem keeps 8,192 answers");
const addresses = Array.from({ length: 50_000 }, () => {
  const digits = Array.from({ length: 40 }, () => "0123456789abcdef"[Math.floor(Math.random() * 16)]).join("");
  return web.checksum_address(`0x${digits}`);
});
measure(addresses, [["is_address", web.is_address], ["viem isAddress, strict", (text) => isAddress(text)]]);

const expand = (value) => (Array.isArray(value) ? value.map((part) => (Array.isArray(part) ? part[0].repeat(part[1]) : part)).join("") : (value ?? ""));
const encoder = new TextEncoder();
const cases = readFileSync(join(root, "tests/edge/cases.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .map(({ method, target, headers = [], body }) => ({
    method,
    target: expand(target),
    headers: headers.map(([name, value]) => [name, expand(value)]),
    bytes: encoder.encode(expand(body)),
  }))
  .filter((one) => one.bytes.length < 4_096);
const id = "f".repeat(32);
const checks = validator(web);
const ours = (one) => checks.verdict(one.method, one.target, one.headers, one.bytes, id);
const theirs = (one) => gate(one.method, one.target, one.headers, one.bytes, id);
const agreed = cases.filter((one) => ours(one).accepted === theirs(one).accepted).length;

console.log(`\nwhole requests, every case: both begin with the raw request and end with a problem or its normalised form (the gate\nmade of ajv and viem has looser rules; it accepts or refuses ${agreed} of the ${cases.length} cases as the API does)`);
measure(cases, [["verdict, every case", ours], ["ajv and viem, every case", theirs]]);

const posts = cases.filter(({ method, target }) => method === "POST" && /^\/api\/risk\/(analyze|simulate|backtest)$/.test(target));
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
const decoder = new TextDecoder();
/** The body's schema alone: decode, parse, check, and write what is wrong. */
const bodyAlone = (one) => {
  let value;
  try {
    value = JSON.parse(decoder.decode(one.bytes));
  } catch (error) {
    return JSON.stringify({ status: 400, detail: String(error) });
  }
  return check(value) || JSON.stringify({ status: 422, errors: check.errors.map(({ instancePath, message }) => ({ field: instancePath, message })) });
};
const bodyAndAddress = (one) => {
  const answer = bodyAlone(one);
  return answer === true ? isAddress(JSON.parse(decoder.decode(one.bytes)).wallet_address) : answer;
};
console.log(`\nrequests with JSON bodies (${posts.length} cases): the last two do less than the others, nothing of URL, method, headers, key,\nmedia type, normal form and keys; and the one address in them is one that viem keeps`);
measure(posts, [
  ["verdict, JSON bodies", ours],
  ["ajv and viem, whole requests", theirs],
  ["ajv, the bodies alone", bodyAlone],
  ["ajv and viem, the bodies alone", bodyAndAddress],
]);
