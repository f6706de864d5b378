/** What the group knows of a member when partitions are shared out. */
export interface Sharer {
  readonly id: string;
  /** Epoch ms; of equals the one that has been there longest comes first. */
  readonly startedAtMs: number;
  /** What it says it was given, as numbers of partitions by topic. */
  readonly held: Partitions;
  /** When it was given that, epoch ms. */
  readonly heldSinceMs: number;
}

export type Partitions = Readonly<Record<string, readonly number[]>>;

/**
 * Gives each partition to one member, by member id. Who holds a partition keeps it, except for what
 * must move so that no two members differ by more than one, in the partitions of each topic and in
 * all: an owner that changes costs a claim. Where two say that they hold the same one, it is his
 * who was given it last: the other has slept through its loss.
 */
export function shareOut(
  sharers: readonly Sharer[],
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, Partitions> {
  const shares = sharers.toSorted(byAge).map(({ id }) => new Share(id, [...sizes.keys()]));
  for (const [topic, size] of sizes) {
    for (let partition = 0; partition < size; partition += 1) {
      const holder = holderOf(topic, partition, sharers);
      const kept = shares.find(({ id }) => id === holder);
      (kept ?? leastOf(shares, topic)).add(topic, partition);
    }
  }
  const topics = [...sizes.keys()];
  for (const topic of topics) evenOut(shares, (share) => share.count(topic), [topic]);
  evenOut(shares, (share) => share.total, topics);
  return new Map(shares.map(({ id, partitions }) => [id, partitions]));
}

class Share {
  readonly id: string;
  readonly #byTopic: Map<string, number[]>;

  constructor(id: string, topics: readonly string[]) {
    this.id = id;
    this.#byTopic = new Map(topics.map((topic) => [topic, []]));
  }

  get partitions(): Partitions {
    return Object.fromEntries([...this.#byTopic].filter(([, numbers]) => numbers.length > 0));
  }

  get total(): number {
    return [...this.#byTopic.values()].reduce((sum, numbers) => sum + numbers.length, 0);
  }

  count(topic: string): number {
    return this.#byTopic.get(topic)?.length ?? 0;
  }

  add(topic: string, partition: number): void {
    this.#byTopic.get(topic)?.push(partition);
  }

  /** One that it has of the topic. */
  give(topic: string): number | undefined {
    return this.#byTopic.get(topic)?.pop();
  }
}

/**
 * Moves one partition after another from who has most to who has least, of a topic of which the
 * giver has more: topics that were even stay so, and each step lessens the difference.
 */
function evenOut(
  shares: readonly Share[],
  sizeOf: (share: Share) => number,
  topics: readonly string[],
): void {
  for (;;) {
    const bySize = shares.toSorted((a, b) => sizeOf(a) - sizeOf(b));
    const [least, most] = [bySize[0], bySize.at(-1)];
    if (least === undefined || most === undefined || sizeOf(most) - sizeOf(least) < 2) return;
    const topic = topics.find((one) => most.count(one) > least.count(one));
    const moved = topic === undefined ? undefined : most.give(topic);
    if (topic === undefined || moved === undefined) return;
    least.add(topic, moved);
  }
}

function holderOf(topic: string, partition: number, sharers: readonly Sharer[]): string | null {
  const holders = sharers.filter(({ held }) => held[topic]?.includes(partition));
  return holders.toSorted((a, b) => b.heldSinceMs - a.heldSinceMs || byAge(a, b))[0]?.id ?? null;
}

function leastOf(shares: readonly Share[], topic: string): Share {
  const by = (a: Share, b: Share) => a.count(topic) - b.count(topic) || a.total - b.total;
  return shares.toSorted(by)[0] as Share;
}

function byAge(a: Sharer, b: Sharer): number {
  return a.startedAtMs - b.startedAtMs || (a.id < b.id ? -1 : 1);
}
