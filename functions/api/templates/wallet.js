// Says beside the wallet field what the service would say of it, before it is sent: the service's own check as WebAssembly.
import init, { wallet_problem } from "/assets/risk_edge.js";

await init({ module_or_path: "/assets/risk_edge_bg.wasm" });
const field = document.getElementById("wallet");

/** The message beside the field: the one that the service wrote, or a new one. */
function note() {
  const found = document.getElementById("wallet_message");
  if (found) return found;
  const made = document.createElement("p");
  made.id = "wallet_message";
  made.className = "refused";
  made.setAttribute("role", "status");
  field.setAttribute("aria-describedby", made.id);
  field.parentElement.after(made);
  return made;
}

function check() {
  const text = field.value;
  const problem = text === "" ? undefined : wallet_problem(text);
  field.setCustomValidity(problem ?? "");
  if (problem) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  note().textContent = problem ?? "";
}

field.addEventListener("input", check);
field.dataset.checked = "by module";
