// The edge as a Cloudflare Worker: refuses what the service would refuse, forwards the rest, keeps what may be kept.
import { freshId } from "../../host/validator.js";
import { load } from "./module.js";

/** Says how a request was treated: `refused`, `passed`, or `unavailable` where the service validates alone. */
const EDGE = "x-edge-validation";
const CACHE = "x-edge-cache";
/** What the service said of the keeping of an answer that is kept here. */
const KEPT = "x-edge-cache-control";

let loaded;

/** The validator of this isolate; null where its module cannot be loaded. */
function validatorOf(env) {
  loaded ??= { value: load({ needsKey: env.AUTH_MODE !== "open", answersPreflight: Boolean(env.CORS_ORIGINS) }) };
  return loaded.value;
}

export default {
  async fetch(request, env, context) {
    const validator = validatorOf(env);
    const url = new URL(request.url);
    const target = url.pathname + url.search;
    const body = await bodyOf(request, validator?.bodyBytes);
    let verdict = null;
    try {
      verdict = validator?.verdict(request.method, target, request.headers, body.head) ?? null;
    } catch (error) {
      // A module that failed once is not asked again: the service decides alone.
      console.error("the edge's module failed", String(error));
      loaded = { value: null };
    }
    if (verdict && !verdict.accepted) {
      body.drop();
      return refusal(request, env, validator, verdict);
    }
    const id = verdict?.request_id ?? freshId();
    const keep = verdict?.cache_key ? `${url.origin}/.edge-cache/${encodeURIComponent(verdict.cache_key)}` : null;
    const kept = keep && (await caches.default.match(keep));
    if (kept) return finish(kept, validator, id, "passed", "hit");
    const answer = await ask(request, env, verdict?.target ?? target, body.whole(), id, validator);
    if (keep && answer.status === 200) {
      const copy = new Response(answer.clone().body, answer);
      copy.headers.set(KEPT, copy.headers.get("cache-control") ?? "no-store");
      copy.headers.set("cache-control", `max-age=${verdict.cache_seconds}`);
      copy.headers.delete("vary");
      context.waitUntil(caches.default.put(keep, copy));
    }
    return finish(answer, validator, id, verdict ? "passed" : "unavailable", keep ? "miss" : null);
  },
};

/**
 * The start of a body, for the validator, and all of it, for the service. What is read is one chunk over the limit at
 * most; the rest, which only a route that takes no body lets pass, is handed on unread.
 */
async function bodyOf(request, limit) {
  if (!request.body || limit === undefined) return { head: new Uint8Array(0), whole: () => request.body, drop() {} };
  const reader = request.body.getReader();
  const chunks = [];
  let length = 0;
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.byteLength;
  }
  const head = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    head.set(chunk, at);
    at += chunk.byteLength;
  }
  const rest = () =>
    new ReadableStream({
      start: (stream) => stream.enqueue(head),
      async pull(stream) {
        const { done, value } = await reader.read();
        if (done) stream.close();
        else stream.enqueue(value);
      },
    });
  return {
    head,
    whole: () => (length > limit ? rest() : head),
    drop: () => reader.cancel().catch(() => {}),
  };
}

/** Asks the service, within its time. What answers in its place, or not at all, becomes a problem. */
async function ask(request, env, target, body, id, validator) {
  const headers = new Headers(request.headers);
  headers.set("x-request-id", id);
  headers.set("x-forwarded-proto", new URL(request.url).protocol.slice(0, -1));
  const client = request.headers.get("cf-connecting-ip");
  // The service believes the last hop that its trusted proxies name.
  if (client) headers.append("x-forwarded-for", client);
  const milliseconds = Number(env.ORIGIN_TIMEOUT_MS) || 35_000;
  const deadline = Date.now() + milliseconds;
  // Until the answer begins; `plain` bounds what follows.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), milliseconds);
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  try {
    const answer = await fetch(env.ORIGIN + target, {
      method: request.method,
      headers,
      body: hasBody && body ? body : undefined,
      redirect: "manual",
      signal: late.signal,
    });
    // The service returns the id of every request it answers; a gateway before it that fails does not.
    if (answer.status < 500 || answer.headers.get("x-request-id") === id) return plain(answer, deadline);
    await answer.body?.cancel();
    return failure(validator, false, `the service's gateway answered ${answer.status}`, id);
  } catch (error) {
    const tookTooLong = error?.name === "TimeoutError" || error?.name === "AbortError";
    const detail = tookTooLong ? `the service took longer than ${milliseconds / 1000} s` : "the service cannot be reached";
    return failure(validator, tookTooLong, detail, id);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The service's answer with a body that ends by the deadline: one that stops in its middle is cut off, unless it is a
 * stream of events, which has no end. It is unpacked already, so it must not say that it is packed; the host packs it
 * again for those who take it.
 */
function plain(answer, deadline) {
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const { status, statusText } = answer;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream");
  if (!answer.body || isStream) return new Response(answer.body, { status, statusText, headers });
  const reader = answer.body.getReader();
  const body = new ReadableStream({
    async pull(stream) {
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error("the service stopped in the middle of its answer")), deadline - Date.now());
      });
      try {
        const { done, value } = await Promise.race([reader.read(), late]);
        if (done) stream.close();
        else stream.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => {});
        stream.error(error);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status, statusText, headers });
}

function failure(validator, tookTooLong, detail, id) {
  if (validator) {
    const { status, headers, body } = validator.failure(tookTooLong, detail, id);
    return new Response(body, { status, headers });
  }
  // Without the module its words are written here once more.
  const [name, title, status] = tookTooLong
    ? ["timeout", "Took too long", 504]
    : ["origin-unavailable", "Service unreachable", 502];
  const problem = { type: `urn:risk-manager:problem:${name}`, title, status, detail };
  const headers = { "content-type": "application/problem+json", "x-request-id": id, "cache-control": "no-store" };
  return new Response(JSON.stringify({ ...problem, instance: `urn:risk-manager:request:${id}` }), { status, headers });
}

function refusal(request, env, validator, { status, headers, body, request_id }) {
  const answer = new Response(request.method === "HEAD" ? null : body, { status, headers });
  const origin = request.headers.get("origin");
  // As the service does, so that a page of a named origin can read why.
  if (origin && env.CORS_ORIGINS?.split(",").some((known) => known.trim() === origin)) {
    answer.headers.set("access-control-allow-origin", origin);
    answer.headers.append("vary", "origin");
  }
  return finish(answer, validator, request_id, "refused", null);
}

/** The answer with the headers of every answer. What the service says itself stays. */
function finish(answer, validator, id, treated, cache) {
  const finished = new Response(answer.body, answer);
  for (const [name, value] of validator?.securityHeaders ?? []) {
    if (!finished.headers.has(name)) finished.headers.set(name, value);
  }
  finished.headers.set("x-request-id", id);
  finished.headers.set(EDGE, treated);
  const said = finished.headers.get(KEPT);
  if (said) {
    finished.headers.set("cache-control", said);
    finished.headers.delete(KEPT);
  }
  if (cache) finished.headers.set(CACHE, cache);
  return finished;
}
