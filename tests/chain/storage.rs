//! Writes account states straight into the contracts' storage: thousands of wallets without a transaction each.

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::SolValue;
use risk_engine::aave::Market;
use serde_json::{Value, json};

use crate::cases::State;
use crate::deploy::{BANK, MARKET, word_of};
use crate::interfaces::{Pool, Scaled};
use crate::market::RESERVES;
use crate::node::Node;

/// Slots looked through for a mapping.
const SLOTS: u64 = 120;
/// Low bits of a token's word that are the balance: the newer generation keeps others above.
const BALANCE_BITS: usize = 120;

/// Where the contracts keep what a state is made of: found by the bank's own values, not assumed.
pub(crate) struct Layout {
    deposits: Vec<Mapping>,
    debts: Vec<Mapping>,
    configurations: Mapping,
    e_modes: Mapping,
}

/// A mapping by address in a contract.
#[derive(Clone, Copy)]
struct Mapping {
    contract: Address,
    slot: u64,
}

impl Mapping {
    fn place(self, owner: Address) -> U256 {
        keccak256((owner, U256::from(self.slot)).abi_encode()).into()
    }

    fn write(self, owner: Address, value: U256) -> Value {
        json!([self.contract, self.place(owner), word_of(value)])
    }

    /// The mapping of a contract whose value for the bank is this.
    async fn find(node: &Node, contract: Address, value: U256) -> Self {
        let mask = (U256::ONE << BALANCE_BITS) - U256::ONE;
        let places = (0..SLOTS).map(|slot| Self { contract, slot });
        let asked = places.clone().map(|one| json!([contract, one.place(BANK), "latest"])).collect();
        let words = node.batch("eth_getStorageAt", asked).await;
        let mut found = places.zip(words).filter(|(_, word)| crate::node::number(word) & mask == value);
        let (mapping, _) = found.next().unwrap_or_else(|| panic!("no mapping in {contract}"));
        assert!(found.next().is_none(), "two mappings in {contract}");
        mapping
    }
}

impl Layout {
    /// Finds it on a node, given the market as the service read it.
    pub(crate) async fn find(node: &Node, market: &Market) -> Self {
        let mut deposits = Vec::new();
        let mut debts = Vec::new();
        for reserve in &market.reserves {
            for (token, mappings) in
                [(reserve.a_token, &mut deposits), (reserve.variable_debt_token, &mut debts)]
            {
                let balance = node.view(token, &Scaled::scaledBalanceOfCall { user: BANK }).await;
                mappings.push(Mapping::find(node, token, balance).await);
            }
        }
        let configuration = node.view(MARKET.pool, &Pool::getUserConfigurationCall { user: BANK }).await;
        let configurations = Mapping::find(node, MARKET.pool, configuration).await;
        Self { deposits, debts, configurations, e_modes: Self::find_e_modes(node).await }
    }

    /// The bank enters a category for as long as it takes to find where that is kept.
    async fn find_e_modes(node: &Node) -> Mapping {
        let stranger = Address::repeat_byte(0x57);
        let taken = node.call("evm_snapshot", json!([])).await;
        node.send(stranger, MARKET.pool, &Pool::setUserEModeCall { categoryId: 7 }).await;
        let places = (0..SLOTS).map(|slot| Mapping { contract: MARKET.pool, slot });
        let mut found = Vec::new();
        for place in places {
            if node.word(MARKET.pool, place.place(stranger)).await == U256::from(7) {
                found.push(place);
            }
        }
        node.call("evm_revert", json!([taken])).await;
        assert_eq!(found.len(), 1, "the wallets' categories are kept in one place");
        found[0]
    }

    /// Writes states of wallets that had none, and mines a block.
    pub(crate) async fn write(&self, node: &Node, states: &[State]) {
        let mut writes = Vec::new();
        for state in states {
            for part in &state.parts {
                if !part.supplied.is_zero() {
                    writes.push(self.deposits[part.reserve].write(state.wallet, part.supplied));
                }
                if !part.owed.is_zero() {
                    writes.push(self.debts[part.reserve].write(state.wallet, part.owed));
                }
            }
            writes.push(self.configurations.write(state.wallet, state.configuration()));
            if state.e_mode != 0 {
                writes.push(self.e_modes.write(state.wallet, U256::from(state.e_mode)));
            }
        }
        node.batch("anvil_setStorageAt", writes).await;
        node.mine().await;
    }
}

/// Moves every feed to a price of this block, 8 decimals.
pub(crate) async fn set_prices(node: &Node, prices: &[U256]) {
    let now = U256::from(node.time().await);
    let mut writes = Vec::new();
    for (reserve, price) in RESERVES.iter().zip(prices) {
        writes.push(json!([reserve.feed(), U256::ZERO, word_of(*price)]));
        writes.push(json!([reserve.feed(), U256::ONE, word_of(now)]));
    }
    node.batch("anvil_setStorageAt", writes).await;
    node.mine().await;
}
