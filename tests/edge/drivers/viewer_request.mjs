// Reads a CloudFront event a line, answers what the package's handler makes of it a line.
import { createInterface } from "node:readline";
import { handler } from "../../../edge-wasm/pkg/lambda-edge/index.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await handler(JSON.parse(line)))}\n`);
}
