// The page in a headless Chromium: `page.mjs URL WALLET CHROMIUM`; prints what it saw as one line of JSON.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const { chromium } = createRequire(join(root, ".tools/edge/"))("playwright-core");
const [url, wallet, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const seen = { errors: [] };

async function open(options) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  await page.goto(url);
  return page;
}

const page = await open({});
await page.waitForSelector("#wallet[data-checked]", { state: "attached" });
const message = () => page.textContent("#wallet_message");
await page.fill("#wallet", "0x12");
seen.short = await message();
// A wrong checksum: one letter in the other case.
await page.fill("#wallet", wallet.replace(/[a-f]/, (letter) => letter.toUpperCase()));
seen.checksum = await message();
await page.click("text=Look");
seen.stayed = page.url() === url;
await page.fill("#wallet", wallet);
seen.right = await message();
await page.click("text=Look");
await page.waitForURL(/wallet=/);
seen.asked = page.url();

const plain = await open({ javaScriptEnabled: false });
await plain.fill("#wallet", "0x12");
await plain.click("text=Look");
await plain.waitForURL(/wallet=/);
seen.without = await plain.textContent("#wallet_message");
await browser.close();
// Chromium tells a page that was answered 401 or 422 as an error of the console.
seen.errors = seen.errors.filter((error) => !error.startsWith("Failed to load resource"));
console.log(JSON.stringify(seen));
