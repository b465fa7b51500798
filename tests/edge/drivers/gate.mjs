// A gate in front of the API as one writes it with ajv and viem: what the edge's verdicts are measured beside. It begins
// with the same raw request and ends with the same: a problem, or what is forwarded, kept and counted. Its schemas are
// looser than the API's own rules in a few places (assets, days, amounts, URL characters), so it has less to do.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), "../../../.tools/edge/"));
const Ajv = require("ajv");
const { isAddress } = require("viem");

const wallet = { type: "string", format: "wallet" };
const text = { type: "string" };
const flag = { type: "boolean" };
const names = { type: "array", maxItems: 100, items: text };
const whole = (minimum, maximum) => ({ type: "integer", minimum, maximum });
const above = (exclusiveMinimum, maximum) => ({ type: "number", exclusiveMinimum, maximum });
const object = (properties, required = []) => ({ type: "object", additionalProperties: false, required, properties });
const list = (maxItems, items) => ({ type: "array", maxItems, items });

/** The body of each route that takes JSON. */
const bodies = {
  analyze: object({ wallet_address: wallet, force_refresh: flag, protocols: names, chains: names }, ["wallet_address"]),
  simulate: object({
    wallet_address: wallet, protocols: names, chains: names, oracle_frozen: flag,
    shocks: list(50, object({ target: text, change: above(-1, 100) }, ["target", "change"])),
    replay: object({ from: text, to: text }, ["from", "to"]), gas_factor: above(0, 1000), target_health_factor: above(1, 10),
    actions: list(20, object({ type: { enum: ["supply", "withdraw", "repay", "borrow", "swap", "e_mode"] }, account: text, asset: text, into: text, amount: text, category: whole(0, 255) }, ["type"])),
  }, ["wallet_address"]),
  backtest: object({
    wallet_address: wallet, protocols: names, chains: names, from: text, to: text,
    portfolio: list(50, object({ asset: text, amount: { type: "number" }, liquidation_threshold: above(0, 1) }, ["asset", "amount"])),
    rules: list(10, object({ type: { enum: ["health_factor_below", "probability_24h"] }, value: above(0, 10) }, ["type", "value"])),
  }, ["from", "to"]),
  watch: object({ label: { type: "string", maxLength: 100 }, health_factor_threshold: above(1, 10), thresholds: { type: "object" }, channels: list(20, text), min_severity: text }),
  none: object({}),
};

const none = {};
const alerts = { wallet, severity: text, alert_type: text, resolved: flag, limit: whole(1, 200), skip: whole(0, 1_000_000), cursor: whole(0, Number.MAX_SAFE_INTEGER) };
/** Method, path, who may ask, query, its required part, body, seconds in an edge's cache. */
const routes = [
  ["GET", "/", "counted", null], ["POST", "/session", "counted", none], ["POST", "/session/end", "counted", none],
  ["GET", "/style.css", "open", null, [], null, 300], ["GET", "/assets/{file}", "open", null, [], null, 300], ["GET", "/docs", "open", null, [], null, 60],
  ["GET", "/openapi.json", "open", null, [], null, 60], ["GET", "/metrics", "open", null], ["GET", "/api/info", "open", none, [], null, 60],
  ["GET", "/api/risk/health", "open", none, [], null, 1], ["GET", "/api/risk/health/live", "open", none], ["GET", "/api/risk/status", "counted", none],
  ["GET", "/api/risk/summary", "key", { wallet, max_age: whole(0, 86_400) }, ["wallet"]],
  ["POST", "/api/risk/analyze", "key", none, [], "analyze"], ["POST", "/api/risk/simulate", "key", none, [], "simulate"], ["POST", "/api/risk/backtest", "key", none, [], "backtest"],
  ["GET", "/api/risk/positions", "key", { wallet }, ["wallet"]], ["GET", "/api/risk/alerts", "key", alerts],
  ["POST", "/api/risk/alerts/{id}/acknowledge", "key", none, [], "none"], ["POST", "/api/risk/alerts/{id}/resolve", "key", none, [], "none"],
  ["GET", "/api/risk/stream", "key", { wallet }], ["GET", "/api/risk/watches", "key", { limit: whole(1, 200), cursor: wallet }],
  ["POST", "/api/risk/watches:import", "key", { partial: flag }],
  ["GET", "/api/risk/watches/{wallet}", "key", none], ["PUT", "/api/risk/watches/{wallet}", "key", none, [], "watch"], ["DELETE", "/api/risk/watches/{wallet}", "key", none, [], "none"],
  ["GET", "/api/risk/wallets/{wallet}", "key", none], ["DELETE", "/api/risk/wallets/{wallet}", "key", none, [], "none"],
  ["POST", "/api/risk/channels/{id}/test", "key", none, [], "none"],
];

const ajv = new Ajv({ allErrors: true, formats: { wallet: (value) => isAddress(value) } });
const coercing = new Ajv({ allErrors: true, coerceTypes: true, formats: { wallet: (value) => isAddress(value) } });
const segments = { id: { type: "string", pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }, wallet, file: text };
const headers = {
  type: "object",
  properties: { "x-wallet-address": wallet, "x-api-key": { type: "string", pattern: "^rm_[0-9a-f]{64}$" }, "content-length": { type: "string" } },
};
const checkHeaders = { key: ajv.compile({ ...headers, required: ["x-api-key"] }), open: ajv.compile({ type: "object" }), counted: ajv.compile({ type: "object" }) };
const checkBody = Object.fromEntries(Object.entries(bodies).map(([name, schema]) => [name, ajv.compile(schema)]));

const fixed = new Map();
const patterns = [];
for (const [method, path, access, query, required, body, seconds] of routes) {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  const route = {
    access, seconds, name,
    checkQuery: query && coercing.compile(object(query, required)),
    checkSegment: name && ajv.compile(segments[name]),
    checkBody: body && checkBody[body],
  };
  const found = name ? patterns.find((one) => one.path === path) : fixed.get(path);
  if (found) found.methods[method] = route;
  else if (name) patterns.push({ path, pattern: new RegExp(`^${path.replace(/\{\w+\}/, "([^/]+)")}$`), methods: { [method]: route } });
  else fixed.set(path, { methods: { [method]: route } });
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const problem = (id, status, detail, errors) => ({
  accepted: false, request_id: id, status, headers: [["content-type", "application/problem+json"], ["x-request-id", id], ["cache-control", "no-store"]],
  body: JSON.stringify({ type: `urn:problem:${status}`, status, detail, instance: `urn:request:${id}`, errors }),
});
const told = (errors) => errors.slice(0, 50).map(({ instancePath, keyword, message }) => ({ field: instancePath, code: keyword, message }));

/** The verdict on a request, in the form of the edge's own. */
export function gate(method, target, lines, bytes, fresh) {
  const header = {};
  let size = 0;
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    header[lower] = lower in header ? `${header[lower]}, ${value}` : value;
    size += name.length + value.length;
  }
  const id = /^[\w-]{1,64}$/.test(header["x-request-id"] ?? "") ? header["x-request-id"] : fresh;
  if (target.length > 8192) return problem(id, 414, "the URL is too long");
  if (size > 32768) return problem(id, 431, "the headers are too long");
  let url, path;
  try {
    url = new URL(target, "http://edge");
    path = decodeURIComponent(url.pathname);
  } catch {
    return problem(id, 400, "the URL is malformed");
  }
  let segment;
  let found = fixed.get(url.pathname);
  if (!found) {
    for (const one of patterns) {
      const match = one.pattern.exec(path);
      if (match) {
        [found, segment] = [one, match[1]];
        break;
      }
    }
  }
  if (!found) return problem(id, 404, "there is no such route");
  const route = found.methods[method === "HEAD" ? "GET" : method];
  if (!route) return problem(id, 405, "the route does not take this method");
  const checkHeader = checkHeaders[route.access];
  if (!checkHeader(header)) return problem(id, header["x-api-key"] ? 422 : 401, "headers are refused", told(checkHeader.errors));
  const query = {};
  for (const [name, value] of url.searchParams) {
    if (name in query) return problem(id, 422, "a parameter stands twice", [{ field: name, code: "repeated" }]);
    query[name] = value;
  }
  if (route.checkQuery && !route.checkQuery(query)) return problem(id, 422, "parameters are refused", told(route.checkQuery.errors));
  if (route.checkSegment && !route.checkSegment(segment)) return problem(id, 422, "the path is refused", told(route.checkSegment.errors));
  let value = {};
  if (route.checkBody && bytes.length > 0) {
    if (bytes.length > 65536) return problem(id, 413, "the body is too long");
    if (!/^application\/json(;|$)/i.test(header["content-type"] ?? "")) return problem(id, 415, "the body must be JSON");
    try {
      value = JSON.parse(decoder.decode(bytes));
    } catch (error) {
      return problem(id, 400, String(error));
    }
  }
  if (route.checkBody && !route.checkBody(value)) return problem(id, 422, "fields are refused", told(route.checkBody.errors));
  const about = (query.wallet ?? value.wallet_address ?? (route.name === "wallet" ? segment : null))?.toLowerCase() ?? null;
  if (query.wallet) query.wallet = about;
  const asked = route.checkQuery ? new URLSearchParams(query).toString() : url.search.slice(1);
  const kept = route.seconds && method === "GET";
  return {
    accepted: true, request_id: id, target: asked ? `${path}?${asked}` : path, wallet: about,
    cache_key: kept ? `GET ${path}` : null, cache_seconds: kept ? route.seconds : null,
    quota_key: route.access === "open" ? null : route.access === "counted" ? "client" : about ? `wallet:${about}` : "wallets",
  };
}
