/** Fewer daily returns than these say nothing about the tail. */
export const FEWEST_RETURNS = 30;
/** Crypto trades every day of the year. */
const DAYS_PER_YEAR = 365;

/** Simple returns: c₁/c₀ − 1, and so on. A value after one that is not above zero has no return. */
export function returnsOf(closes: readonly number[]): number[] {
  return closes.slice(1).flatMap((close, index) => {
    const before = closes[index] as number;
    return before > 0 ? [close / before - 1] : [];
  });
}

/** The arithmetic mean; NaN of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample covariance (n − 1) of two series of one length, in two passes. */
export function covarianceOf(one: readonly number[], other: readonly number[]): number {
  const [meanOne, meanOther] = [meanOf(one), meanOf(other)];
  const sum = one.reduce((total, value, index) => {
    return total + (value - meanOne) * ((other[index] as number) - meanOther);
  }, 0);
  return sum / (one.length - 1);
}

/** Sample standard deviation (n − 1). */
export function deviationOf(values: readonly number[]): number {
  return Math.sqrt(covarianceOf(values, values));
}

/** A daily deviation as that of a year, by the root of 365. */
export function annualised(dailyDeviation: number): number {
  return dailyDeviation * Math.sqrt(DAYS_PER_YEAR);
}

/** RiskMetrics: σ²ₜ = λσ²ₜ₋₁ + (1 − λ)r²ₜ with λ 0.94 for days, seeded with the first r². */
export function ewmaDeviationOf(returns: readonly number[], lambda = 0.94): number {
  const [first = Number.NaN, ...rest] = returns;
  const variance = rest.reduce((before, r) => lambda * before + (1 - lambda) * r * r, first ** 2);
  return Math.sqrt(variance);
}
