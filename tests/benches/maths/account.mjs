// formatUserSummary of @aave/math-utils on the benchmark's accounts; its formatReserves is not part of the time.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [tools, folder] = process.argv.slice(2);
const { formatReserves, formatUserSummary } = createRequire(resolve(tools, 'package.json'))('@aave/math-utils');
const given = JSON.parse(readFileSync(resolve(folder, 'accounts.json'), 'utf8'));
const currency = { marketReferencePriceInUsd: '100000000', marketReferenceCurrencyDecimals: 8 };

const reserve = one => ({
  id: one.asset, originalId: 0, symbol: one.symbol, name: one.symbol, underlyingAsset: one.asset,
  decimals: one.decimals, baseLTVasCollateral: String(one.ltv), reserveLiquidationThreshold: String(one.threshold),
  reserveLiquidationBonus: '10500', reserveFactor: '1000', usageAsCollateralEnabled: true, borrowingEnabled: true,
  isActive: true, isFrozen: false, liquidityIndex: one.liquidity_index, liquidityRate: one.liquidity_rate,
  variableBorrowIndex: one.borrow_index, variableBorrowRate: one.borrow_rate, lastUpdateTimestamp: one.last_update,
  priceInMarketReferenceCurrency: one.price, availableLiquidity: '0', totalScaledVariableDebt: '0', borrowCap: '0',
  supplyCap: '0', debtCeiling: '0', debtCeilingDecimals: 2, isolationModeTotalDebt: '0', unbacked: '0', eModes: [],
});

const formattedReserves = formatReserves({ reserves: given.reserves.map(reserve), currentTimestamp: given.now, ...currency });
const users = given.positions.map(parts => parts.map(part => ({
  underlyingAsset: given.reserves[part.reserve].asset, scaledATokenBalance: part.supplied,
  usageAsCollateralEnabledOnUser: part.is_collateral, scaledVariableDebt: part.owed,
})));
const summary = userReserves => formatUserSummary({
  currentTimestamp: given.now, userReserves, formattedReserves, userEmodeCategoryId: 0, ...currency,
});

let least = Infinity;
for (let round = 0; round < 12; round += 1) {
  const before = process.cpuUsage();
  for (const user of users) summary(user);
  const { user, system } = process.cpuUsage(before);
  least = Math.min(least, (user + system) / users.length);
}
process.stdout.write(JSON.stringify({ account_us: least, health_factor: Number(summary(users[0]).healthFactor) }));
