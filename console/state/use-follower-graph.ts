import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { listCopiers, listFollowers, type Trader } from "../api/traders.ts";
import type { GraphEdge } from "../view/follower-graph.ts";
import { shownCalls } from "./shown-calls.ts";

/** Browsers open no more connections to one server at a time. */
const CALLS_AT_A_TIME = 4;

export interface FollowerEdges {
  readonly edges: readonly GraphEdge[] | null;
  readonly problem: Problem | null;
}

/** Who follows and who copies these traders; asked once for a list of traders. */
export function useFollowerEdges(traders: readonly Trader[]): FollowerEdges {
  const [found, setFound] = useState<FollowerEdges>({ edges: null, problem: null });
  const key = traders.map(({ traderId }) => traderId).join(" ");
  useEffect(() => {
    const stopping = new AbortController();
    const forget = traders.flatMap(({ traderId: id }) => {
      return [shownCalls.add(listFollowers(id)), shownCalls.add(listCopiers(id))];
    });
    edgesOf(traders, stopping.signal).then(
      (edges) => setFound({ edges, problem: null }),
      (error: unknown) => {
        if (!stopping.signal.aborted) setFound({ edges: null, problem: asProblem(error) });
      },
    );
    return () => {
      stopping.abort();
      for (const one of forget) one();
    };
  }, [key]);
  return found;
}

async function edgesOf(traders: readonly Trader[], signal: AbortSignal): Promise<GraphEdge[]> {
  const left = traders.map(({ traderId }) => traderId);
  const edges: GraphEdge[] = [];
  const work = async () => {
    for (let to = left.pop(); to !== undefined; to = left.pop()) {
      const leader = to;
      const followers = await ask(listFollowers(leader), signal);
      const copiers = await ask(listCopiers(leader), signal);
      for (const { traderId } of followers.data)
        edges.push({ from: traderId, to: leader, kind: "follows" });
      for (const { traderId } of copiers.data)
        edges.push({ from: traderId, to: leader, kind: "copies" });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, work));
  return edges.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ from, to, kind }: GraphEdge): string {
  return `${from} ${to} ${kind}`;
}
