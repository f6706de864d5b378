import neo4j from "neo4j-driver";
import type { ColumnType, Row, Value } from "../../runner/projection.ts";
import type { SqlRow, SqlValue } from "../../runner/sql-row.ts";
import { checkedValue, quoted } from "../../runner/stored-table.ts";
import type { PlacedNodes, PlacedRelationships, PlacedTable } from "./graph.ts";

/**
 * How a declared table stands in Neo4j, of generation `social_g3`:
 *
 *   nodes          (:Trader_social_g3:Registered_social_g3 {traderId, handle, …,
 *                     _partition_traders, _position_traders})
 *   relationships  (:Trader_… {…})-[:FOLLOWS_… {sinceMs, _partition, _position, _first}]->(:Tra…)
 *
 * `_partition` is the key of the partition; with `_position` it says which event last changed the
 * row. Rows that may change also have `_first`, which says the same of the event that made them.
 * Decimals and JSON are texts, null is a property that is not there. Texts are ordered by code
 * point.
 *
 * In the texts below `Trader_g` stands for the label of the generation (`Neo4jQueries`); a batch
 * comes as `$rows`, each `{key: [...], set: {...}, first: …}`, or as `$keys`.
 */
export function upsertCypher(placed: PlacedTable): string {
  if ("relationships" in placed) return mergeRelationships(placed);
  const { nodes, table, isShared } = placed;
  const merge = `UNWIND $rows AS row MERGE (n:${nodes.on}_g ${keyMap(placed, "row.key")})`;
  if (!isShared) return `${merge} ${setRow("n", placed)}`;
  if (!table.immutable) return `${merge} ${setRow("n", placed)} SET n:${nodes.label}_g`;
  const set = `CASE WHEN n:${nodes.label}_g THEN {} ELSE row.set END`;
  return `${merge} SET n += ${set}, n:${nodes.label}_g`;
}

/** A row that is there stays where it never changes; another keeps where it began, unless `set`
 *  says that it began anew. */
function setRow(bound: string, { table, first }: PlacedTable): string {
  if (table.immutable) return `ON CREATE SET ${bound} += row.set`;
  const began = `${bound}.${name(first)}`;
  return `SET ${bound} += row.set SET ${began} = coalesce(${began}, row.first)`;
}

export function deleteCypher(placed: PlacedTable): string {
  if ("relationships" in placed) {
    const { type } = placed.relationships;
    return `UNWIND $keys AS key ${findEnds(placed, "key")} MATCH (a)-[r:${type}_g]->(b) DELETE r`;
  }
  const { nodes, isShared } = placed;
  const find = `UNWIND $keys AS key MATCH (n:${nodes.on}_g ${keyMap(placed, "key")})`;
  if (!isShared) return `${find} DELETE n`;
  return `${find} WHERE n:${nodes.label}_g REMOVE n:${nodes.label}_g SET n += $nothing`;
}

/** What a row leaves on a node that stays: none of its own properties. */
export function nothingOf(placed: PlacedTable): Record<string, null> {
  const { table, partition, position, first } = placed;
  const own = [...Object.keys(table.columns), partition, position, first];
  return Object.fromEntries(own.map((name) => [name, null]));
}

/** Makes the nodes that relationships are between, where they are not there. */
export function endsCypher({ label, key }: { readonly label: string; readonly key: string }) {
  return `UNWIND $keys AS key MERGE (n:${label}_g {${name(key)}: key})`;
}

/**
 * A page of rows in key order, with the partition and position that last changed each. `equal`
 * columns are as in `$after`, the next one is beyond it: Neo4j has no order of tuples to ask for.
 */
export function pageCypher(placed: PlacedTable, equal: number, isBeyond: boolean): string {
  const places = keyPlaces(placed);
  const bounds = places.map((place, i) => {
    if (i < equal) return `${place} = $after[${i}]`;
    return i === equal && isBeyond ? `${place} > $after[${i}]` : `${place} IS NOT NULL`;
  });
  return `MATCH ${patternOf(placed)} WHERE ${[...bounds, ...rowCondition(placed)].join(" AND ")}
    RETURN ${shownOf(placed)} ORDER BY ${places.join(", ")} LIMIT $limit`;
}

/** The row of a key, with what made it. */
export function rowCypher(placed: PlacedTable): string {
  const key = keyPlaces(placed).map((place, i) => `${place} = $key[${i}]`);
  return `MATCH ${patternOf(placed)} WHERE ${[...key, ...rowCondition(placed)].join(" AND ")}
    RETURN ${shownOf(placed)}, ${boundIn(placed)}.${name(placed.first)} AS _firstPosition`;
}

function shownOf(placed: PlacedTable): string {
  const [bound, places] = [boundIn(placed), keyPlaces(placed)];
  const columns = placed.columns.map((column, i) => {
    return `${places[i] ?? `${bound}.${name(column)}`} AS ${name(column)}`;
  });
  return `${columns.join(", ")}, ${bound}.${name(placed.partition)} AS _partitionKey,
      ${bound}.${name(placed.position)} AS _position`;
}

function boundIn(placed: PlacedTable): string {
  return "relationships" in placed ? "r" : "n";
}

/** A value as the server takes it: every number of JavaScript would become a double there. */
export function boundValue(value: Value | undefined, placed: PlacedTable, index: number): unknown {
  const checked = checkedValue(value, placed, index);
  const isInteger = placed.types[index] === "integer" && typeof checked === "number";
  return isInteger ? neo4j.int(checked) : checked;
}

/** The declared row of what Neo4j gives back. */
export function readRow({ columns, types }: PlacedTable, stored: SqlRow): Row {
  const row: Record<string, Value> = {};
  columns.forEach((column, i) => {
    row[column] = readValue(types[i] as ColumnType, stored[column]);
  });
  return row;
}

function readValue(type: ColumnType, value: SqlValue | undefined): Value {
  if (value === null || value === undefined) return null;
  if (typeof value !== "bigint" && !(value instanceof Uint8Array)) return value;
  throw new RangeError(`Neo4j gave a ${typeof value} where a ${type} stands`);
}

function mergeRelationships(placed: PlacedRelationships): string {
  return `UNWIND $rows AS row ${findEnds(placed, "row.key", ", row")}
    MERGE (a)-[r:${placed.relationships.type}_g]->(b) ${setRow("r", placed)}`;
}

/** Both by their index, so that the relationship is sought from the end that has fewer. */
function findEnds(
  { relationships: { from, to } }: PlacedRelationships,
  key: string,
  kept = "",
): string {
  return `MATCH (a:${from.label}_g {${name(from.key)}: ${key}[0]})
    MATCH (b:${to.label}_g {${name(to.key)}: ${key}[1]}) WITH a, b${kept}`;
}

function patternOf(placed: PlacedTable): string {
  if ("nodes" in placed) return `(n:${placed.nodes.on}_g)`;
  const { from, to, type } = placed.relationships;
  return `(a:${from.label}_g)-[r:${type}_g]->(b:${to.label}_g)`;
}

function keyPlaces(placed: PlacedTable): string[] {
  if ("nodes" in placed) return placed.keyColumns.map((column) => `n.${name(column)}`);
  const { from, to } = placed.relationships;
  return [`a.${name(from.key)}`, `b.${name(to.key)}`];
}

/** Of the nodes that others share, those that have the row. */
function rowCondition(placed: PlacedTable): string[] {
  return "nodes" in placed && placed.isShared ? [`n:${placed.nodes.label}_g`] : [];
}

function keyMap({ keyColumns }: PlacedNodes, key: string): string {
  return `{${keyColumns.map((column, i) => `${name(column)}: ${key}[${i}]`).join(", ")}}`;
}

/** A property's name, quoted as Cypher wants it. */
function name(column: string): string {
  return quoted(column).replaceAll('"', "`");
}
