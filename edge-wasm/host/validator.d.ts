// The types of validator.js.

/** What a host loads: the exports of one of the packages. */
export interface Module {
  own_memory(): WebAssembly.Memory;
  room(bytes: number): number;
  judge(head: number, headers: number, body: number, how: number): number;
  failure(took_too_long: boolean, detail: string, request_id: string): string;
  limits(): string;
  refusal_headers(): string;
  security_headers(): string;
}

/** What the service's settings decide. */
export interface Policy {
  /** Whether wallet routes need an API key; they do where it is not said. */
  needsKey?: boolean;
  /** Whether the service answers `OPTIONS` itself, for browsers of named origins. */
  answersPreflight?: boolean;
}

/** A request that passed, and its normalised form. */
export interface Pass {
  accepted: true;
  /** The client's own id, or the fresh one. */
  request_id: string;
  /** Canonical path and query: what is forwarded. */
  target: string;
  /** The one wallet that it is about, lower case. */
  wallet: string | null;
  /** What a good answer may be kept under, and for how long; null where it may not be kept. */
  cache_key: string | null;
  cache_seconds: number | null;
  /** `wallet:0x…`, `wallets` or `client`; null where nothing is counted. */
  quota_key: string | null;
}

/** A request that was refused, and the whole answer to it. */
export interface Refusal {
  accepted: false;
  request_id: string;
  status: number;
  headers: [string, string][];
  /** `application/problem+json`, byte for byte what the API answers. */
  body: string;
}

export type Verdict = Pass | Refusal;

export interface Validator {
  /**
   * The verdict on a request. Without a body the body is not judged; an empty one is none. Characters of a header's value
   * up to U+00FF stand for bytes.
   */
  verdict(method: string, target: string, headers: Iterable<readonly [string, string]>, body?: Uint8Array, id?: string): Verdict;
  /** The refusal for a service that cannot be reached or that took too long. */
  failure(tookTooLong: boolean, detail: string, id: string): Refusal;
  /** The security headers of an answer over TLS. */
  securityHeaders: [string, string][];
  /** Longest body looked at, bytes: a file of watches is longer, and judged by the service alone. */
  bodyBytes: number;
}

/** A validator over a loaded module. */
export function validator(module: Module, policy?: Policy): Validator;

/** A request id of 32 hex digits. */
export function freshId(): string;
