import { partitionOf } from "../../platform/kernel/hash.ts";

const OWNED = /^commands_waiting\{topic="([^"]+)",partition="(\d+)"\}/gm;

/** The partitions of a topic that the command side at this address owns now, as it says itself. */
export async function ownedPartitions(url: string, topic: string): Promise<readonly number[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const owned = [...text.matchAll(OWNED)].filter(([, its]) => its === topic);
  return owned.map(([, , partition]) => Number(partition));
}

/** The first ids of this form, one after another, that fall into one of these partitions. */
export function idsIn(
  partitions: readonly number[],
  count: number,
  idOf: (number: number) => string,
): readonly string[] {
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number += 1) {
    const id = idOf(number);
    if (partitions.includes(partitionOf(id, PARTITIONS))) ids.push(id);
  }
  return ids;
}

/** Of the topics that are asked about. */
const PARTITIONS = 4;
