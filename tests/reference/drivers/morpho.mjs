// MarketUtils of @morpho-org/blue-sdk on a drawn market and position.

import { answerAll, reference } from './lines.mjs';

const { MarketUtils } = reference('@morpho-org/blue-sdk');

answerAll(question => {
  const given = Object.fromEntries(Object.entries(question).map(([name, text]) => [name, BigInt(text)]));
  const { interest, feeShares } = MarketUtils.getAccruedInterest(given.rate, given, given.elapsed);
  const market = {
    totalSupplyAssets: given.totalSupplyAssets + interest,
    totalSupplyShares: given.totalSupplyShares + feeShares,
    totalBorrowAssets: given.totalBorrowAssets + interest,
    totalBorrowShares: given.totalBorrowShares,
    price: given.price,
  };
  const config = { lltv: given.lltv };
  const position = { collateral: given.collateral, borrowShares: given.borrowShares };
  // The largest number stands for a debt that no price of no collateral covers.
  const price = MarketUtils.getLiquidationPrice(position, market, config);
  return {
    totals: [market.totalSupplyAssets, market.totalSupplyShares, market.totalBorrowAssets],
    account: {
      borrowed: MarketUtils.toBorrowAssets(given.borrowShares, market, 'Up'),
      value: MarketUtils.getCollateralValue(given.collateral, market),
      maxBorrow: MarketUtils.getMaxBorrowAssets(given.collateral, market, config),
      healthFactor: MarketUtils.getHealthFactor(position, market, config),
      ltv: MarketUtils.getLtv(position, market),
      isHealthy: MarketUtils.isHealthy(position, market, config),
      liquidationPrice: price === 2n ** 256n - 1n ? null : price,
      incentive: MarketUtils.getLiquidationIncentiveFactor(config),
    },
    seizable: MarketUtils.getSeizableCollateral(position, market, config),
  };
});
