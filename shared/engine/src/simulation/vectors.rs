//! Loops at the widest vectors that this machine's processor has, to the same bits on every machine.

/// Runs a loop compiled for the processor at hand: with 256-bit vectors where an x86-64 has them, as the target's baseline
/// has it elsewhere. Wider vectors do the same operations on more numbers at once; nothing contracts a product and a sum
/// into one rounding unless it is asked to (`mul_add`), and nothing here asks. What the loop calls has to be inlined
/// into it, or it stays at the baseline.
#[inline]
pub(super) fn at_the_widest<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}
