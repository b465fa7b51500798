// How a TypeScript host uses the module: compiled strictly by a test, never run.
import init, { limits, validate_request, wallet_problem } from "../../../edge-wasm/pkg/web/risk_edge.js";
import type { Limits, Verdict } from "../../../edge-wasm/pkg/web/risk_edge.js";

export async function use(body: Uint8Array): Promise<string> {
  await init();
  const verdict: Verdict = JSON.parse(validate_request("GET", "/", "", body, "id", true, false));
  const most: Limits = JSON.parse(limits());
  const problem: string | undefined = wallet_problem("0x");
  // @ts-expect-error a verdict has a body only where it is a refusal
  verdict.body;
  return verdict.accepted ? verdict.target : `${verdict.body} ${most.body_bytes} ${problem}`;
}
