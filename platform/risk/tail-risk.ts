import { deviationOf, meanOf } from "./returns.ts";

/** Quantiles of the standard normal distribution. */
const QUANTILES = { 0.95: 1.6448536269514722, 0.99: 2.3263478740408408 } as const;

/** The levels that tail risk is told at. */
const CONFIDENCES = [0.95, 0.99] as const;

type Confidence = (typeof CONFIDENCES)[number];

/**
 * Losses of one day at one confidence, positive, as fractions of the value.
 *
 * Historical: the k-th worst of n returns, k = ⌈(1 − c)·n⌉ (order statistic, not interpolated), and
 * the mean of the k worst (expected shortfall). Parametric: returns taken as normal.
 */
export interface TailRisk {
  readonly confidence: Confidence;
  readonly historicalVar: number;
  readonly historicalShortfall: number;
  /** zσ − μ */
  readonly parametricVar: number;
  /** zσ */
  readonly parametricVarZeroMean: number;
  /** σφ(z)/(1 − c) − μ */
  readonly parametricShortfall: number;
}

/** At each confidence; of at least two returns. */
export function tailRisksOf(returns: readonly number[]): TailRisk[] {
  const worstFirst = returns.toSorted((a, b) => a - b);
  const [mean, deviation] = [meanOf(returns), deviationOf(returns)];
  return CONFIDENCES.map((confidence): TailRisk => {
    const worst = worstFirst.slice(0, worstCount(confidence, returns.length));
    const z = QUANTILES[confidence];
    return {
      confidence,
      historicalVar: -(worst.at(-1) as number),
      historicalShortfall: -meanOf(worst),
      parametricVar: z * deviation - mean,
      parametricVarZeroMean: z * deviation,
      parametricShortfall: (deviation * density(z)) / tailOf(confidence) - mean,
    };
  });
}

/** ⌈(1 − c)·n⌉ by whole numbers: as doubles 0.05 · 100 would be above 5. */
function worstCount(confidence: Confidence, returns: number): number {
  return Math.ceil((Math.round(tailOf(confidence) * 100) * returns) / 100);
}

function tailOf(confidence: Confidence): number {
  return 1 - confidence;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** The delta-normal loss at 95 % of weights with a covariance, zero mean, and who makes it up. */
interface DeltaNormal {
  readonly total: number;
  /** In the order of the weights; they add up to the total. */
  readonly components: readonly number[];
}

/** z·√(wᵀΣw); component i is z·wᵢ(Σw)ᵢ/√(wᵀΣw). All zero where nothing moves. */
export function deltaNormalOf(
  weights: readonly number[],
  covariance: readonly (readonly number[])[],
): DeltaNormal {
  const moved = covariance.map((row) => {
    return row.reduce((sum, value, index) => sum + value * (weights[index] as number), 0);
  });
  const variance = weights.reduce((sum, weight, i) => sum + weight * (moved[i] as number), 0);
  if (variance <= 0) return { total: 0, components: weights.map(() => 0) };
  const deviation = Math.sqrt(variance);
  const z = QUANTILES[0.95];
  const components = weights.map((weight, i) => (z * weight * (moved[i] as number)) / deviation);
  return { total: z * deviation, components };
}
