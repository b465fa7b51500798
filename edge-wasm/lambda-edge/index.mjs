// The edge as a CloudFront viewer request: refuses what the service would refuse, and forwards the rest in its
// canonical form. `make edge` puts the whole package into edge-wasm/pkg/lambda-edge.
import { freshId, validator } from "./validator.mjs";

// Lambda@Edge has no environment variables: what the service's own settings say stands here.
const POLICY = { needsKey: true, answersPreflight: false };
/** Longest answer that a viewer request may make, bytes, with some room for CloudFront's own headers. */
const MAX_ANSWER_BYTES = 38 * 1024;

let loaded;

async function load() {
  try {
    return validator((await import("./risk_edge.cjs")).default, POLICY);
  } catch (error) {
    console.error("the edge's module cannot be loaded", String(error));
    return null;
  }
}

/** Where the module fails the request goes on to the service, which validates by itself. */
export async function handler(event) {
  const request = event.Records[0].cf.request;
  loaded ??= { value: await load() };
  try {
    if (loaded.value) return judge(loaded.value, request);
  } catch (error) {
    console.error("the edge's module failed", String(error));
  }
  set(request.headers, "x-edge-validation", "unavailable");
  return request;
}

function judge(checks, request) {
  const target = request.querystring ? `${request.uri}?${request.querystring}` : request.uri;
  const verdict = checks.verdict(request.method, target, lines(request.headers), bodyOf(request), freshId());
  if (verdict.accepted) {
    [request.uri, request.querystring = ""] = verdict.target.split("?");
    set(request.headers, "x-request-id", verdict.request_id);
    set(request.headers, "x-edge-validation", "passed");
    return request;
  }
  const answer = refusal(verdict, checks.securityHeaders);
  // CloudFront would answer 502 for one that is longer; the service can say it all.
  if (Buffer.byteLength(JSON.stringify(answer)) > MAX_ANSWER_BYTES) {
    set(request.headers, "x-request-id", verdict.request_id);
    set(request.headers, "x-edge-validation", "too-long");
    return request;
  }
  return answer;
}

/** Lists of lines, by lower-case name, as pairs. */
function* lines(headers) {
  for (const [name, values] of Object.entries(headers)) for (const { value } of values) yield [name, value];
}

/** The body; `undefined` where CloudFront cut it short (40 KB) or does not hand it over, so that it is not judged. */
function bodyOf({ method, headers, body }) {
  if (body) return body.inputTruncated ? undefined : Buffer.from(body.data, body.encoding === "base64" ? "base64" : "utf8");
  const length = headers["content-length"]?.[0]?.value;
  const mayHave = (length !== undefined && length !== "0") || headers["transfer-encoding"] !== undefined;
  return mayHave && method !== "GET" && method !== "HEAD" ? undefined : new Uint8Array(0);
}

function refusal({ status, headers, body }, security) {
  const answer = { status: String(status), headers: {}, body, bodyEncoding: "text" };
  for (const [name, value] of [...security, ...headers, ["x-edge-validation", "refused"]]) {
    set(answer.headers, name, value);
  }
  return answer;
}

function set(headers, name, value) {
  headers[name] = [{ key: name, value }];
}
