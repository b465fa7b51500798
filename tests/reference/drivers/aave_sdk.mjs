// formatUserSummary of @aave/math-utils on a drawn market and wallet. What its formatReserves would add beforehand are
// yields, which take five times as long as the summary and which nobody asks for here, and each reserve's e-modes.

import { answerAll, reference } from './lines.mjs';

const { calculateCompoundedInterest, formatUserSummary, rayMul } = reference('@aave/math-utils');

const currency = { marketReferencePriceInUsd: '100000000', marketReferenceCurrencyDecimals: 8 };

function reserveOf(given, priceOf, eModes) {
  return {
    originalId: given.id,
    id: given.asset,
    symbol: given.asset,
    name: given.asset,
    underlyingAsset: given.asset,
    decimals: given.decimals,
    baseLTVasCollateral: String(given.ltv),
    reserveLiquidationThreshold: String(given.threshold),
    reserveLiquidationBonus: '10500',
    reserveFactor: '1000',
    usageAsCollateralEnabled: given.threshold !== 0,
    borrowingEnabled: true,
    isActive: true,
    isFrozen: false,
    liquidityIndex: given.liquidity_index,
    liquidityRate: given.liquidity_rate,
    variableBorrowIndex: given.variable_borrow_index,
    variableBorrowRate: given.variable_borrow_rate,
    lastUpdateTimestamp: given.last_update,
    priceInMarketReferenceCurrency: priceOf(given),
    availableLiquidity: '0',
    totalScaledVariableDebt: '0',
    borrowCap: '0',
    supplyCap: '0',
    debtCeiling: '0',
    debtCeilingDecimals: 2,
    isolationModeTotalDebt: '0',
    eModes,
  };
}

function debtIndexes({ reserves, now }) {
  const index = one => rayMul(
    calculateCompoundedInterest({
      rate: one.variable_borrow_rate,
      currentTimestamp: now,
      lastUpdateTimestamp: one.last_update,
    }),
    one.variable_borrow_index,
  );
  return { indexes: reserves.map(one => index(one).toFixed(0)) };
}

function summaryOf(question) {
  const { category, now } = question;
  const moved = question.moved ?? {};
  const eModesOf = given => (BigInt(category.collateral_bitmap) >> BigInt(given.id)) & 1n
    ? [{
      id: 1,
      collateralEnabled: true,
      borrowingEnabled: true,
      ltvzeroEnabled: false,
      eMode: { ltv: String(category.ltv), liquidationThreshold: String(category.threshold) },
    }]
    : [];
  const formattedReserves = question.reserves.map(
    one => reserveOf(one, given => moved[given.id] ?? given.price, eModesOf(one)),
  );
  const userReserves = question.parts.map(part => ({
    underlyingAsset: question.reserves[part.reserve].asset,
    scaledATokenBalance: part.scaled_a_token,
    usageAsCollateralEnabledOnUser: part.is_collateral,
    scaledVariableDebt: part.scaled_variable_debt,
  }));
  const summary = formatUserSummary({
    currentTimestamp: now,
    userReserves,
    formattedReserves,
    userEmodeCategoryId: question.e_mode,
    ...currency,
  });
  return {
    collateral: summary.totalCollateralMarketReferenceCurrency,
    debt: summary.totalBorrowsMarketReferenceCurrency,
    available: summary.availableBorrowsMarketReferenceCurrency,
    ltv: summary.currentLoanToValue,
    threshold: summary.currentLiquidationThreshold,
    health_factor: summary.healthFactor,
    balances: summary.userReservesData.map(one => [one.underlyingBalance, one.variableBorrows]),
  };
}

answerAll(question => (question.ask === 'debt_index' ? debtIndexes(question) : summaryOf(question)));
