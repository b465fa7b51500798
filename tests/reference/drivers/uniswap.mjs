// TickMath, Position, and the tick and position libraries of @uniswap/v3-sdk, in its own big integers.

import { answerAll, reference } from './lines.mjs';

const { Token } = reference('@uniswap/sdk-core');
const { FeeAmount, Pool, Position, PositionLibrary, SqrtPriceMath, TickLibrary, TickMath } = reference('@uniswap/v3-sdk');
// The integers that the SDK computes with are JSBI's, of the copy that it loads itself.
const JSBI = reference('jsbi');

const big = text => JSBI.BigInt(text);
const first = new Token(1, '0x0000000000000000000000000000000000000001', 6, 'A');
const second = new Token(1, '0x0000000000000000000000000000000000000002', 18, 'B');

answerAll(({ ticks, fraction, liquidity, global, outside, insideLast }) => {
  const [lower, upper, current] = ticks;
  const roots = [lower, upper].map(tick => TickMath.getSqrtRatioAtTick(tick));
  const [here, next] = [current, current + 1].map(tick => BigInt(TickMath.getSqrtRatioAtTick(tick).toString()));
  // Rounding up must not lead to the next tick.
  const price = here + (((next - here) * BigInt(fraction)) >> 32n);
  const pool = new Pool(first, second, FeeAmount.LOWEST, price.toString(), 0, current);
  const position = new Position({ pool, liquidity, tickLower: lower, tickUpper: upper });
  const [inside] = TickLibrary.getFeeGrowthInside(
    { feeGrowthOutside0X128: big(outside[0]), feeGrowthOutside1X128: big(0) },
    { feeGrowthOutside0X128: big(outside[1]), feeGrowthOutside1X128: big(0) },
    lower, upper, current, big(global), big(0),
  );
  const [owed] = PositionLibrary.getTokensOwed(big(insideLast), big(0), big(liquidity), inside, big(0));
  return {
    roots: roots.map(String),
    price,
    amounts: [position.amount0.quotient, position.amount1.quotient].map(String),
    inside: String(inside),
    owed: BigInt.asUintN(128, BigInt(String(owed))),
  };
});
