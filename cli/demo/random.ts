/** A seeded source of randomness: the same seed gives the same numbers for ever. */
export interface Random {
  /** In [0, 1). */
  uniform(): number;
  /** An integer in [from, to]. */
  integer(from: number, to: number): number;
  chance(probability: number): boolean;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** A count of independent events of which `mean` are expected. */
  poisson(mean: number): number;
}

/** mulberry32 by Tommy Ettinger: 32 bits of state, good enough for a market of a demonstration. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    integer: (from, to) => from + Math.floor(uniform() * (to - from + 1)),
    chance: (probability) => uniform() < probability,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    poisson: (mean) => poisson(uniform, mean),
  };
}

/** Knuth's way: multiplies uniforms until the product falls below e^-mean. */
function poisson(uniform: () => number, mean: number): number {
  const limit = Math.exp(-Math.min(mean, 30));
  let product = uniform();
  let count = 0;
  while (product > limit) {
    product *= uniform();
    count += 1;
  }
  return count;
}
