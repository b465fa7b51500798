// The module as a function from a request to a verdict, for every JavaScript host. The same checks as the API's own.
// Its types are in validator.d.ts.

/** A request id of 32 hex digits. */
export const freshId = () => crypto.randomUUID().replaceAll("-", "");

const [NEEDS_KEY, ANSWERS_PREFLIGHT, HAS_BODY] = [1, 2, 4];
/** Bytes that most requests fit in. */
const LEAST = 16 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function validator(module, { needsKey = true, answersPreflight = false } = {}) {
  const memory = module.own_memory();
  const how = (needsKey ? NEEDS_KEY : 0) | (answersPreflight ? ANSWERS_PREFLIGHT : 0);
  let room = new Uint8Array(0);

  /** The room for requests and verdicts, of at least so many bytes: it moves where it or the memory grows. */
  function roomOf(bytes) {
    const size = Math.max(bytes, LEAST);
    const at = module.room(size);
    if (room.byteOffset !== at || room.byteLength < size) room = new Uint8Array(memory.buffer, at, size);
    return room;
  }

  function verdict(method, target, headers, body, id = freshId()) {
    let head = `${method}\n${target}\n${id}\n`;
    let count = 0;
    for (const header of headers) {
      head += `${header[0]}\n${header[1]}\n`;
      count++;
    }
    const bodyBytes = body?.length ?? 0;
    // A character is three bytes at most.
    const request = roomOf(head.length * 3 + bodyBytes);
    const headBytes = encoder.encodeInto(head, request).written;
    if (bodyBytes) request.set(body, headBytes);
    const length = module.judge(headBytes, count, bodyBytes, body ? how | HAS_BODY : how);
    return parsed(decoder.decode(roomOf(length).subarray(0, length)));
  }

  const everyRefusal = pairs(module.refusal_headers());

  /** A verdict of its lines. */
  function parsed(text) {
    let from = text.indexOf("\n") + 1;
    const first = text.slice(0, from - 1);
    let to = text.indexOf("\n", from);
    const request_id = text.slice(from, to);
    if (first === "accepted") return pass(request_id, text.slice(to + 1).split("\n"));
    const headers = [...everyRefusal, ["x-request-id", request_id]];
    for (from = to + 1; (to = text.indexOf("\n", from)) >= 0; from = to + 1) {
      const name = text.slice(from, to);
      from = to + 1;
      to = text.indexOf("\n", from);
      headers.push([name, text.slice(from, to)]);
    }
    return { accepted: false, request_id, status: Number(first), headers, body: text.slice(from) };
  }

  return {
    verdict,
    failure: (tookTooLong, detail, id) => parsed(module.failure(tookTooLong, detail, id)),
    securityHeaders: pairs(module.security_headers()),
    bodyBytes: JSON.parse(module.limits()).body_bytes,
  };
}

/** Names and values, each on a line. */
function pairs(text) {
  const lines = text.split("\n");
  const found = [];
  for (let at = 0; at < lines.length; at += 2) found.push([lines[at], lines[at + 1]]);
  return found;
}

function pass(request_id, [target, wallet, cache_key, seconds, quota_key]) {
  return {
    accepted: true,
    request_id,
    target,
    wallet: wallet || null,
    cache_key: cache_key || null,
    cache_seconds: seconds ? Number(seconds) : null,
    quota_key: quota_key || null,
  };
}
