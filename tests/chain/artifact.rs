//! Compiled contracts as `build.mjs` left them, linked with the libraries that were created before.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::Deserialize;

use crate::installed::tools;
use crate::node::Node;

/// Who creates every contract and administers it.
pub(crate) const ADMIN: Address = Address::repeat_byte(0xad);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    bytecode: String,
    link_references: BTreeMap<String, BTreeMap<String, Vec<Place>>>,
}

#[derive(Deserialize)]
struct Place {
    start: usize,
    length: usize,
}

/// Creates contracts of one set of artifacts on a node.
pub(crate) struct Creator<'a> {
    node: &'a Node,
    set: &'static str,
    libraries: BTreeMap<String, Address>,
}

impl<'a> Creator<'a> {
    /// Of the set in this folder.
    pub(crate) const fn new(node: &'a Node, set: &'static str) -> Self {
        Self { node, set, libraries: BTreeMap::new() }
    }

    /// Creates a library that later contracts are linked with.
    pub(crate) async fn library(&mut self, name: &str) {
        let address = self.create(name, &[]).await;
        self.libraries.insert(name.to_owned(), address);
    }

    /// Creates a contract, its arguments ABI-encoded.
    pub(crate) async fn create(&self, name: &str, arguments: &[u8]) -> Address {
        let mut code = self.code(name);
        code.extend_from_slice(arguments);
        self.node.create(ADMIN, &code).await
    }

    fn code(&self, name: &str) -> Vec<u8> {
        let file = tools().join("artifacts").join(self.set).join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let artifact: Artifact = serde_json::from_str(&text).expect("an artifact");
        let mut digits = artifact.bytecode.trim_start_matches("0x").to_owned();
        for (library, places) in artifact.link_references.values().flatten() {
            let address = self.libraries.get(library);
            let address = address.unwrap_or_else(|| panic!("{name} needs {library}")).to_string();
            for Place { start, length } in places {
                digits.replace_range(start * 2..(start + length) * 2, &address[2..]);
            }
        }
        alloy_primitives::hex::decode(&digits).expect("linked code")
    }
}
