import Graph from "graphology";
import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import Sigma from "sigma";
import { colourOf, useColourScheme } from "./colours.ts";
import { layOut } from "./graph-layout.ts";
import { extremityArrow } from "./sigma-rendering.ts";

interface GraphTrader {
  readonly id: string;
  readonly label: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "follows" | "copies";
}

export interface FollowerGraphProps {
  readonly traders: readonly GraphTrader[];
  readonly edges: readonly GraphEdge[];
  readonly label: string;
  readonly onOpen: (traderId: string) => void;
}

const SMALLEST_NODE = 6;
const LARGEST_NODE = 24;

/** Who follows and copies whom; the more followers, the larger the node. A click opens a trader. */
export function FollowerGraph({ traders, edges, label, onOpen }: FollowerGraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useColourScheme();
  useEffect(() => {
    if (box.current === null) return;
    const sigma = new Sigma(graphOf(traders, edges), box.current, {
      styles: stylesOf(),
      settings: { itemSizesReference: "screen" },
      primitives: { edges: { extremities: [extremityArrow()] } },
    });
    sigma.on("clickNode", ({ node }) => onOpen(node));
    return () => sigma.kill();
  }, [traders, edges, scheme]);
  return html`<div class="graph" ref=${box} role="img" aria-label=${label}></div>`;
}

/** Without it there is the table alone. */
export function canDrawGraphs(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function graphOf(traders: readonly GraphTrader[], edges: readonly GraphEdge[]): Graph {
  const graph = new Graph({ type: "directed", multi: true });
  const pairs = edges.map(({ from, to }): [string, string] => [from, to]);
  const places = layOut({ nodes: traders.map(({ id }) => id), edges: pairs });
  for (const { id, label } of traders) {
    const followers = edges.filter(({ to }) => to === id).length;
    const size = Math.min(LARGEST_NODE, SMALLEST_NODE + 2 * followers);
    graph.addNode(id, { ...places.get(id), label, size, color: colourOf("accent") });
  }
  for (const { from, to, kind } of edges) {
    if (!graph.hasNode(from) || !graph.hasNode(to)) continue;
    const isCopy = kind === "copies";
    graph.addEdge(from, to, {
      size: isCopy ? 3 : 1,
      color: colourOf(isCopy ? "up" : "faint"),
    });
  }
  return graph;
}

function stylesOf() {
  const from = (attribute: string) => ({ attribute });
  return {
    nodes: {
      x: from("x"),
      y: from("y"),
      size: from("size"),
      color: from("color"),
      label: from("label"),
      labelColor: colourOf("text"),
    },
    edges: { size: from("size"), color: from("color"), head: "arrow" },
  };
}
