// Reads a request a line, answers the module's verdict on it a line. The module is Node's, compiled to WebAssembly.
import { createInterface } from "node:readline";
import module from "../../../edge-wasm/pkg/node/risk_edge.js";
import { validator } from "../../../edge-wasm/host/validator.js";

const checks = validator(module);
for await (const line of createInterface({ input: process.stdin })) {
  const { method, target, headers, body } = JSON.parse(line);
  const verdict = checks.verdict(method, target, headers, Buffer.from(body, "base64"), "f".repeat(32));
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
