// The module as a function from a request to a verdict, for every JavaScript host. The same checks as the API's own.

/** Name and value of each header in turn, each followed by a line feed, as the module takes them. */
export function flat(headers) {
  let text = "";
  for (const [name, value] of headers) text += `${name}\n${value}\n`;
  return text;
}

/** A request id of 32 hex digits. */
export const freshId = () => crypto.randomUUID().replaceAll("-", "");

/**
 * A validator over a loaded module.
 * @param module the exports of `risk_edge`
 * @param policy `{ needsKey, answersPreflight }`: what the service's settings decide
 */
export function validator(module, { needsKey = true, answersPreflight = false } = {}) {
  return {
    /** A verdict; without a body the body is not judged. @returns {import("../pkg/web/risk_edge.js").Verdict} */
    verdict: (method, target, headers, body, id = freshId()) =>
      JSON.parse(
        module.validate_request(method, target, flat(headers), body, id, needsKey, answersPreflight),
      ),
    /** @returns {import("../pkg/web/risk_edge.js").Refusal} */
    failure: (tookTooLong, detail, id) => JSON.parse(module.failure(tookTooLong, detail, id)),
    /** @returns {[string, string][]} */
    securityHeaders: JSON.parse(module.security_headers()),
    /** Longest body looked at, bytes: a file of watches is longer, and judged by the service alone. */
    bodyBytes: JSON.parse(module.limits()).body_bytes,
  };
}
