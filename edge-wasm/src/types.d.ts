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
/** What `validate_request` answers, as JSON. */
export type Verdict = Pass | Refusal;
/** What `limits` answers, as JSON. */
export interface Limits {
  url_bytes: number;
  header_bytes: number;
  body_bytes: number;
  import_bytes: number;
  import_lines: number;
  list_items: number;
  page_items: number;
  label_characters: number;
  age_seconds: number;
  shocks: number;
  actions: number;
  portfolio_lines: number;
  rules: number;
}
