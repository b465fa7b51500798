// The validator, or null where the module cannot be loaded: then the service's own validation decides alone.
import module from "../../pkg/web/risk_edge_bg.wasm";
import * as exports from "../../pkg/web/risk_edge.js";
import { validator } from "../../host/validator.js";

/** @param policy see `validator` */
export function load(policy) {
  try {
    exports.initSync({ module });
    return validator(exports, policy);
  } catch (error) {
    console.error("the edge's module cannot be loaded", String(error));
    return null;
  }
}
