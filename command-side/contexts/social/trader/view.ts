import type { PartitionView } from "../../../../platform/kernel/decider.ts";
import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { Copy, TraderEvent } from "./events.ts";

export interface Profile {
  readonly handle: string;
  readonly acceptsCopiers: boolean;
  readonly copierLimit: number;
}

interface FrozenGraph {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly handles: ReadonlyMap<string, string>;
  readonly following: FrozenRelations;
  readonly blocking: FrozenRelations;
  readonly copying: FrozenRelations;
  readonly copies: ReadonlyMap<string, Copy>;
  readonly allocated: ReadonlyMap<string, Decimal>;
}

interface FrozenRelations {
  readonly from: ReadonlyMap<string, Set<string>>;
  readonly to: ReadonlyMap<string, Set<string>>;
}

/**
 * All traders with their relations, the serial place for rules that span them. It is changed in
 * place by `evolve` alone.
 */
export class SocialGraph {
  /** Of those who have not left. */
  readonly profiles = new Map<string, Profile>();
  /** Trader by folded handle, of those who have left, too: a handle is given once. */
  readonly handles = new Map<string, string>();
  readonly following = new Relations();
  readonly blocking = new Relations();
  readonly copying = new Relations();
  readonly #copies = new Map<string, Copy>();
  readonly #allocated = new Map<string, Decimal>();

  freeze(): FrozenGraph {
    return {
      profiles: this.profiles,
      handles: this.handles,
      following: this.following.freeze(),
      blocking: this.blocking.freeze(),
      copying: this.copying.freeze(),
      copies: this.#copies,
      allocated: this.#allocated,
    };
  }

  static thaw(frozen: FrozenGraph): SocialGraph {
    const thawed = new SocialGraph();
    putAll(thawed.profiles, frozen.profiles);
    putAll(thawed.handles, frozen.handles);
    thawed.following.thaw(frozen.following);
    thawed.blocking.thaw(frozen.blocking);
    thawed.copying.thaw(frozen.copying);
    putAll(thawed.#copies, frozen.copies);
    putAll(thawed.#allocated, frozen.allocated);
    return thawed;
  }

  copy(follower: string, leader: string): Copy | null {
    return this.#copies.get(keyOf(follower, leader)) ?? null;
  }

  /** What all copies with this portfolio have been given, paused ones among them. */
  allocatedFrom(portfolioId: string): Decimal {
    return this.#allocated.get(portfolioId) ?? ZERO;
  }

  isBlocked(a: string, b: string): boolean {
    return this.blocking.has(a, b) || this.blocking.has(b, a);
  }

  /** Whether `from` copies `to`, directly or through others; paused relations count. */
  copiesAcross(from: string, to: string): boolean {
    const seen = new Set([from]);
    const waiting = [from];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (one === to) return true;
      for (const next of this.copying.from(one)) {
        if (seen.has(next)) continue;
        seen.add(next);
        waiting.push(next);
      }
    }
    return false;
  }

  putCopy(follower: string, copy: Copy): void {
    this.endCopy(follower, copy.leader);
    this.#copies.set(keyOf(follower, copy.leader), copy);
    this.#allocate(copy.portfolioId, copy.allocation);
    this.copying.add(follower, copy.leader);
  }

  endCopy(follower: string, leader: string): void {
    const copy = this.copy(follower, leader);
    if (copy === null) return;
    this.#copies.delete(keyOf(follower, leader));
    this.#allocate(copy.portfolioId, copy.allocation.negated());
    this.copying.remove(follower, leader);
  }

  /** Follows and copies between the two, in both directions. */
  part(a: string, b: string): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      this.following.remove(from, to);
      this.endCopy(from, to);
    }
  }

  /** Who leaves has no relation any more, from or to it. */
  forget(trader: string): void {
    for (const leader of [...this.copying.from(trader)]) this.endCopy(trader, leader);
    for (const follower of [...this.copying.to(trader)]) this.endCopy(follower, trader);
    this.following.forget(trader);
    this.blocking.forget(trader);
    this.profiles.delete(trader);
  }

  #allocate(portfolioId: string, amount: Decimal): void {
    const sum = this.allocatedFrom(portfolioId).plus(amount);
    if (sum.isZero()) this.#allocated.delete(portfolioId);
    else this.#allocated.set(portfolioId, sum);
  }
}

/** Directed relations of one kind, each at most once. */
class Relations {
  readonly #from = new Map<string, Set<string>>();
  readonly #to = new Map<string, Set<string>>();

  has(from: string, to: string): boolean {
    return this.#from.get(from)?.has(to) ?? false;
  }

  from(trader: string): ReadonlySet<string> {
    return this.#from.get(trader) ?? NOBODY;
  }

  to(trader: string): ReadonlySet<string> {
    return this.#to.get(trader) ?? NOBODY;
  }

  freeze(): FrozenRelations {
    return { from: this.#from, to: this.#to };
  }

  /** Into relations that are empty. */
  thaw({ from, to }: FrozenRelations): void {
    putAll(this.#from, from);
    putAll(this.#to, to);
  }

  add(from: string, to: string): void {
    addTo(this.#from, from, to);
    addTo(this.#to, to, from);
  }

  remove(from: string, to: string): void {
    removeFrom(this.#from, from, to);
    removeFrom(this.#to, to, from);
  }

  forget(trader: string): void {
    for (const other of [...this.from(trader)]) this.remove(trader, other);
    for (const other of [...this.to(trader)]) this.remove(other, trader);
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}

function removeFrom(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  known?.delete(value);
  if (known?.size === 0) sets.delete(key);
}

function putAll<Value>(into: Map<string, Value>, all: ReadonlyMap<string, Value>): void {
  for (const [key, value] of all) into.set(key, value);
}

function keyOf(follower: string, leader: string): string {
  return `${follower}\u0000${leader}`;
}

export function foldedHandle(handle: string): string {
  return handle.toLowerCase();
}

export const view: PartitionView<SocialGraph, TraderEvent> = {
  initial: () => new SocialGraph(),
  freezing: {
    freeze: (graph) => graph.freeze(),
    thaw: (frozen) => SocialGraph.thaw(frozen as FrozenGraph),
  },
  evolve: (graph, trader, event) => {
    switch (event.type) {
      case "TraderRegistered":
        graph.profiles.set(trader, event.data);
        graph.handles.set(foldedHandle(event.data.handle), trader);
        break;
      case "TraderLeft":
        graph.forget(trader);
        break;
      case "TraderFollowed":
        graph.following.add(trader, event.data.leader);
        break;
      case "TraderUnfollowed":
        graph.following.remove(trader, event.data.leader);
        break;
      case "TraderBlocked":
        graph.part(trader, event.data.blocked);
        graph.blocking.add(trader, event.data.blocked);
        break;
      case "TraderUnblocked":
        graph.blocking.remove(trader, event.data.blocked);
        break;
      case "CopyStopped":
        graph.endCopy(trader, event.data.leader);
        break;
      default:
        graph.putCopy(trader, event.data);
    }
    return graph;
  },
};
