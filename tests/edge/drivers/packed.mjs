// Reads the path of a file a line, answers how many bytes it has by brotli a line.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { brotliCompressSync } from "node:zlib";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(brotliCompressSync(readFileSync(JSON.parse(line))).length);
}
