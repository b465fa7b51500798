//! Multicall3 `tryAggregate`: many contract views in one `eth_call`, each allowed to fail alone.

use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::SolCall;

use crate::contracts::Multicall3;

/// Multicall3, deployed at this address on every supported chain.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// Words of the reply around what one call returned: where it is, whether it succeeded, where its bytes are, how many.
pub const RESULT_WORDS: usize = 4;
const SELECTOR: usize = 4;
const WORD: usize = 32;
/// A call's target, and the offset of its input.
const TUPLE: usize = 2 * WORD;

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

/// The input of one `tryAggregate(false, calls)`.
///
/// The ABI puts an offset in the place of whatever has no fixed size, so the same view asked of several contracts in a
/// row is written once and pointed at: what is asked of a wallet everywhere takes half the bytes. `tryAggregate` needs
/// a word less a call than `aggregate3`, whose answer is the same.
#[must_use]
pub fn encode(calls: &[ContractCall]) -> Bytes {
    let mut bytes = Vec::with_capacity(encoded_bytes(calls));
    bytes.extend(Multicall3::tryAggregateCall::SELECTOR);
    // No call has to succeed; the array begins behind these two words.
    let start = [0, 2 * WORD, calls.len()];
    let tuples = (0..calls.len()).map(|place| calls.len() * WORD + place * TUPLE);
    bytes.extend(start.into_iter().chain(tuples).flat_map(word));
    let mut input_at = calls.len() * TUPLE;
    let mut tuple_at = 0;
    for same in same_inputs(calls) {
        for call in same {
            bytes.extend(call.target.into_word());
            bytes.extend(word(input_at - tuple_at));
            tuple_at += TUPLE;
        }
        input_at += input_bytes(same);
    }
    for input in same_inputs(calls).filter_map(|same| same.first()).map(|call| &call.input) {
        bytes.extend(word(input.len()));
        bytes.extend(input);
        bytes.resize((bytes.len() - SELECTOR).next_multiple_of(WORD) + SELECTOR, 0);
    }
    bytes.into()
}

/// How many bytes [`encode`] makes of the calls.
#[must_use]
pub fn encoded_bytes(calls: &[ContractCall]) -> usize {
    // Whether all have to succeed, offset and length of the array; then of each call its offset and its tuple.
    SELECTOR + 3 * WORD + calls.len() * (WORD + TUPLE) + same_inputs(calls).map(input_bytes).sum::<usize>()
}

fn word(number: usize) -> [u8; WORD] {
    U256::from(number).to_be_bytes()
}

fn same_inputs(calls: &[ContractCall]) -> impl Iterator<Item = &[ContractCall]> {
    calls.chunk_by(|one, next| one.input == next.input)
}

/// Bytes of the one input of these calls, its length before it.
fn input_bytes(same: &[ContractCall]) -> usize {
    WORD + same.first().map_or(0, |call| call.input.len().next_multiple_of(WORD))
}

/// What each of `expected` calls returned, `None` where it reverted. `None` for the whole where the output is no
/// answer to that many calls.
#[must_use]
pub fn decode(output: &[u8], expected: usize) -> Option<Vec<Option<Bytes>>> {
    let results = Multicall3::tryAggregateCall::abi_decode_returns(output).ok()?;
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
        Multicall3::tryAggregateCall::abi_encode_returns(&results)
    }

    #[test]
    fn every_call_is_allowed_to_fail_alone_and_what_repeats_is_written_once() {
        let owner = Address::repeat_byte(7);
        let call = ContractCall::new(MULTICALL3, &Erc20::balanceOfCall { owner });
        let of = |byte| ContractCall { target: Address::repeat_byte(byte), ..call.clone() };
        let odd = |length| ContractCall { target: MULTICALL3, input: vec![9; length].into() };
        let other = ContractCall::new(MULTICALL3, &Erc20::balanceOfCall { owner: MULTICALL3 });
        let calls = [of(1), of(2), of(3), odd(0), odd(1), other, of(4), odd(32), odd(33), odd(33)];
        for count in 0..=calls.len() {
            let calls = &calls[..count];
            let sent = encode(calls);
            assert_eq!(sent.len(), encoded_bytes(calls));
            let sent = Multicall3::tryAggregateCall::abi_decode(&sent).unwrap();
            assert!(!sent.requireSuccess);
            let sent = sent.calls.into_iter();
            let sent: Vec<_> =
                sent.map(|call| ContractCall { target: call.target, input: call.callData }).collect();
            assert_eq!(sent, calls);
        }
        assert_eq!(encoded_bytes(&calls[..3]) - encoded_bytes(&calls[..2]), 3 * WORD);
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
