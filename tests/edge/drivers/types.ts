// How a TypeScript host uses the module: compiled strictly by a test, never run.
import init, * as module from "../../../edge-wasm/pkg/web/risk_edge.js";
import type { Limits } from "../../../edge-wasm/pkg/web/risk_edge.js";
import { validator } from "../../../edge-wasm/pkg/web/validator.js";
import type { Refusal, Verdict } from "../../../edge-wasm/pkg/web/validator.js";

export async function use(headers: Headers, body: Uint8Array): Promise<string> {
  await init();
  const checks = validator(module, { needsKey: true });
  const verdict: Verdict = checks.verdict("GET", "/", headers, body, "id");
  const most: Limits = JSON.parse(module.limits());
  const problem: string | undefined = module.wallet_problem("0x");
  const late: Refusal = checks.failure(true, "late", "id");
  // @ts-expect-error a verdict has a body only where it is a refusal
  verdict.body;
  // @ts-expect-error a policy has no other members
  validator(module, { needKey: true });
  return verdict.accepted ? verdict.target : `${verdict.body} ${most.body_bytes} ${problem} ${late.status}`;
}
