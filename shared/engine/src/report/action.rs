//! What a recommendation asks for.

/// What a recommendation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Repay debt.
    Repay,
    /// Supply more collateral.
    AddCollateral,
    /// Withdraw collateral, swap it for the debt's token, and repay.
    SellCollateral,
}

impl Action {
    /// The snake-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repay => "repay",
            Self::AddCollateral => "add_collateral",
            Self::SellCollateral => "sell_collateral",
        }
    }
}
