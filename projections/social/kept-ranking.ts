import type { Influence } from "./store.ts";

type Ranking = readonly Influence[];

/**
 * The newest ranking of all traders, kept until the next event is applied; who asks while it is
 * computed waits for the same one.
 */
export class KeptRanking {
  #kept: { readonly position: string; readonly ranking: Promise<Ranking> } | null = null;

  /** `rank` computes the one of `position`. */
  at(position: string, rank: () => Promise<Ranking>): Promise<Ranking> {
    if (this.#kept?.position === position) return this.#kept.ranking;
    const kept = { position, ranking: rank() };
    this.#kept = kept;
    kept.ranking.catch(() => {
      if (this.#kept === kept) this.#kept = null;
    });
    return kept.ranking;
  }
}
