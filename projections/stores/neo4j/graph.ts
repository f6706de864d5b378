import type { Table, Tables } from "../../runner/projection.ts";
import { type StoredTable, storedTable, type TableIndex } from "../../runner/stored-table.ts";

/**
 * Rows are nodes `(:label {…})`. Where several tables know something of one thing, each puts its
 * own label and columns on the same node, which all find by the label `on` and their common key.
 */
interface Nodes {
  readonly label: string;
  readonly on: string;
}

/** Rows are relationships; their two key columns name the nodes at both ends. */
interface Relationships {
  readonly type: string;
  readonly from: End;
  readonly to: End;
}

interface End {
  /** Of nodes with one key column, which is named so. */
  readonly label: string;
  readonly key: string;
}

type Placement = Nodes | Relationships;

/** Where tables stand in the graph; one that is left out has nodes of its own. */
export type Graph = Readonly<Record<string, Placement>>;

export interface PlacedNodes extends StoredTable, Origin {
  readonly nodes: Nodes;
  /** The node is not the row's alone: it stays when the row goes. */
  readonly isShared: boolean;
}

export interface PlacedRelationships extends StoredTable, Origin {
  readonly relationships: Relationships;
}

/** The properties that say where a row comes from, which must not be another table's. */
interface Origin {
  readonly partition: string;
  readonly position: string;
  /** Where the row began; the position itself where rows never change. */
  readonly first: string;
}

export type PlacedTable = PlacedNodes | PlacedRelationships;

/** A key that no two nodes of a label have in common. */
export interface UniqueKey {
  readonly label: string;
  readonly columns: readonly string[];
}

/** Letters alone: what comes after `_` says whose generation it is. */
const NAME = /^[A-Za-z]+$/;

export function placedTables(tables: Tables, graph: Graph): PlacedTable[] {
  const placements = new Map(Object.keys(tables).map((name) => [name, placementOf(name, graph)]));
  const uses = [...placements.values()].flatMap(labelsOf);
  return Object.entries(tables).map(([name, table]) => {
    const placement = placements.get(name) as Placement;
    const stored = storedTable(name, table);
    if ("type" in placement) {
      requireTwoKeys(stored);
      return { ...stored, ...originOf(table, ""), relationships: placement };
    }
    const isShared = uses.filter((label) => label === placement.on).length > 1;
    const origin = originOf(table, isShared ? `_${name}` : "");
    return { ...stored, ...origin, nodes: placement, isShared };
  });
}

/** Of every label by which nodes are found. */
export function uniqueKeys(tables: readonly PlacedTable[]): UniqueKey[] {
  const byLabel = new Map<string, UniqueKey>();
  for (const placed of tables) {
    for (const key of keysOf(placed)) {
      const known = byLabel.get(key.label);
      if (known !== undefined && known.columns.join() !== key.columns.join()) {
        throw new RangeError(`nodes ${key.label} are found by ${known.columns} and ${key.columns}`);
      }
      byLabel.set(key.label, key);
    }
  }
  return [...byLabel.values()];
}

/** The label that an index of a table's columns is for; null: relationships need none. */
export function indexedLabel(tables: readonly PlacedTable[], { table }: TableIndex): string | null {
  const placed = tables.find(({ name }) => name === table);
  if (placed === undefined) throw new RangeError(`no table ${table} to index`);
  return "nodes" in placed ? placed.nodes.on : null;
}

function originOf({ immutable }: Table, suffix: string): Origin {
  const [partition, position] = [`_partition${suffix}`, `_position${suffix}`];
  return { partition, position, first: immutable ? position : `_first${suffix}` };
}

function placementOf(table: string, graph: Graph): Placement {
  const placement = graph[table] ?? { label: table, on: table };
  const names = "type" in placement ? [placement.type, ...labelsOf(placement)] : [placement.label];
  for (const name of names) {
    if (!NAME.test(name)) throw new RangeError(`${name} is no name of letters alone`);
  }
  return placement;
}

function labelsOf(placement: Placement): string[] {
  if ("on" in placement) return [placement.on];
  return [placement.from.label, placement.to.label];
}

function keysOf(placed: PlacedTable): UniqueKey[] {
  if ("nodes" in placed) return [{ label: placed.nodes.on, columns: placed.keyColumns }];
  const { from, to } = placed.relationships;
  return [from, to].map(({ label, key }) => ({ label, columns: [key] }));
}

function requireTwoKeys({ name, keyColumns }: StoredTable): void {
  if (keyColumns.length === 2) return;
  throw new RangeError(`a relationship has two ends, and ${name} has ${keyColumns.length} keys`);
}
