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
