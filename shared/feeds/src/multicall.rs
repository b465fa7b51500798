//! Multicall3 `aggregate3`: many contract views in one `eth_call`, each allowed to fail alone.

use alloy_primitives::{Address, Bytes, address};
use alloy_sol_types::SolCall;

use crate::contracts::Multicall3;

/// Multicall3, deployed at this address on every supported chain.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// One view of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCall {
    /// The contract.
    pub target: Address,
    /// Selector and arguments.
    pub input: Bytes,
}

impl ContractCall {
    /// A call of `target` with typed arguments.
    #[must_use]
    pub fn new(target: Address, call: &impl SolCall) -> Self {
        Self { target, input: call.abi_encode().into() }
    }
}

/// The input of one `aggregate3` over the calls.
#[must_use]
pub fn encode(calls: &[ContractCall]) -> Bytes {
    let calls = calls
        .iter()
        .map(|call| Multicall3::Call3 {
            target: call.target,
            allowFailure: true,
            callData: call.input.clone(),
        })
        .collect();
    Multicall3::aggregate3Call { calls }.abi_encode().into()
}

/// How many bytes [`encode`] makes of the calls.
#[must_use]
pub fn encoded_bytes(calls: &[ContractCall]) -> usize {
    // Selector, offset and length of the array; of each call its offset, three words, and the length of its input.
    let call = |call: &ContractCall| 5 * 32 + call.input.len().next_multiple_of(32);
    4 + 2 * 32 + calls.iter().map(call).sum::<usize>()
}

/// What each of `expected` calls returned, `None` where it reverted. `None` for the whole where the output is no
/// answer to that many calls.
#[must_use]
pub fn decode(output: &[u8], expected: usize) -> Option<Vec<Option<Bytes>>> {
    let results = Multicall3::aggregate3Call::abi_decode_returns(output).ok()?;
    (results.len() == expected)
        .then(|| results.into_iter().map(|result| result.success.then_some(result.returnData)).collect())
}

/// The typed answer of one call; `None` where it reverted or cannot be read as one.
#[must_use]
pub fn answer<C: SolCall>(output: Option<&Bytes>) -> Option<C::Return> {
    C::abi_decode_returns_validate(output?).ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;

    use super::*;
    use crate::contracts::Erc20;

    fn reply(results: &[(bool, &[u8])]) -> Vec<u8> {
        let results: Vec<_> = results
            .iter()
            .map(|(success, data)| Multicall3::Result { success: *success, returnData: data.to_vec().into() })
            .collect();
        Multicall3::aggregate3Call::abi_encode_returns(&results)
    }

    #[test]
    fn every_call_is_allowed_to_fail_alone() {
        let owner = Address::repeat_byte(7);
        let call = ContractCall::new(MULTICALL3, &Erc20::balanceOfCall { owner });
        let calls = [call.clone(), call, ContractCall { target: MULTICALL3, input: Bytes::new() }];
        let sent = encode(&calls);
        assert_eq!(sent.len(), encoded_bytes(&calls));
        let sent = Multicall3::aggregate3Call::abi_decode(&encode(&calls[..2])).unwrap();
        assert_eq!(sent.calls.len(), 2);
        assert!(
            sent.calls.iter().all(|call| call.allowFailure && call.callData[..4] == [0x70, 0xa0, 0x82, 0x31])
        );
    }

    #[test]
    fn a_reverted_call_is_none_and_the_others_are_read() {
        let word = U256::from(5).to_be_bytes_vec();
        let answers = decode(&reply(&[(true, &word), (false, b"reason")]), 2).unwrap();
        assert_eq!(answer::<Erc20::balanceOfCall>(answers[0].as_ref()), Some(U256::from(5)));
        assert_eq!(answers[1], None);
    }

    #[test]
    fn an_answer_to_another_number_of_calls_is_none() {
        assert_eq!(decode(&reply(&[(true, &[])]), 2), None);
        assert_eq!(decode(&[], 0), None);
        assert_eq!(decode(&[0xff; 96], 1), None);
    }

    #[test]
    fn an_array_that_claims_a_trillion_results_is_refused_without_allocating_them() {
        let mut output = U256::from(32).to_be_bytes_vec();
        output.extend(U256::from(1_000_000_000_000_u64).to_be_bytes_vec());
        assert_eq!(decode(&output, 1), None);
    }

    #[test]
    fn an_empty_return_is_no_balance_of_zero() {
        assert_eq!(answer::<Erc20::balanceOfCall>(Some(&Bytes::new())), None);
    }
}
