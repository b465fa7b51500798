//! The JavaScript packages of the edge's module: `risk-edge-bindgen MODULE.wasm FOLDER` writes `web`, `node` and `bundler`.

use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        anyhow::bail!("usage: risk-edge-bindgen MODULE.wasm FOLDER");
    };
    for target in ["web", "node", "bundler"] {
        let mut bindgen = Bindgen::new();
        match target {
            "web" => bindgen.web(true)?,
            "node" => bindgen.nodejs(true)?,
            _ => bindgen.bundler(true)?,
        };
        bindgen.input_path(module).out_name("risk_edge").typescript(true).omit_default_module_path(false);
        bindgen.generate(format!("{folder}/{target}"))?;
    }
    Ok(())
}
