//! The JavaScript packages of the edge's module: `risk-edge-bindgen MODULE.wasm FOLDER` writes `web`, `node` and `bundler`.

use anyhow::ensure;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};
use wasm_bindgen_cli_support::Bindgen;

/// Functions that write the message of a panic and do not come back, by a part of their names. Nobody would read it: a
/// module has no standard error, and its host sees a trap either way. With them goes the printing that they need.
const LAST_WORDS: [&str; 9] = [
    "9panicking9panic_fmt",
    "9panicking18panic_bounds_check",
    "9panicking19assert_failed_inner",
    "slice_error_fail",
    "slice_index_fail",
    "len_mismatch_fail",
    "unwrap_failed",
    "expect_failed",
    "8rust_oom",
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, folder] = arguments.as_slice() else {
        anyhow::bail!("usage: risk-edge-bindgen MODULE.wasm FOLDER");
    };
    for target in ["web", "node", "bundler"] {
        let mut bindgen = Bindgen::new();
        match target {
            "web" => bindgen.web(true)?,
            "node" => bindgen.nodejs(true)?,
            _ => bindgen.bundler(true)?,
        };
        bindgen.input_module("risk_edge", speechless(path)?);
        bindgen.out_name("risk_edge").typescript(true).omit_default_module_path(false);
        bindgen.generate(format!("{folder}/{target}"))?;
    }
    Ok(())
}

/// The module with a bare trap in the place of every [`LAST_WORDS`].
fn speechless(path: &str) -> anyhow::Result<Module> {
    let mut module = Module::from_file(path)?;
    let is_last = |name: &str| LAST_WORDS.iter().any(|part| name.contains(part));
    let found: Vec<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| function.name.as_deref().is_some_and(is_last))
        .map(walrus::Function::id)
        .collect();
    // Of the others a compiler may need none. This one it always has, and would be missed if it were named differently.
    let is_known = module.funcs.iter().any(|function| function.name.as_deref().is_some_and(|name| name.contains(LAST_WORDS[0])));
    ensure!(is_known, "no function of the module is named {}", LAST_WORDS[0]);
    for id in found {
        let function = module.funcs.get(id).ty();
        let (parameters, results) = {
            let kind = module.types.get(function);
            (kind.params().to_vec(), kind.results().to_vec())
        };
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    Ok(module)
}
