import type { SqlRow } from "../../runner/sql-row.ts";
import type { Neo4jSession, Neo4jValues } from "./pool.ts";

/**
 * Cypher with its values bound, never concatenated. `Trader_g` and `FOLLOWS_g` stand for the label
 * and the type of the generation that is asked, `Trader_social_g3` say.
 */
export class Neo4jQueries {
  readonly #session: Neo4jSession;
  readonly #generation: string;
  /** The generation and how far it is: what was computed of the one holds until this changes. */
  readonly position: string;

  constructor(session: Neo4jSession, generation: string, position: string) {
    this.#session = session;
    this.#generation = generation;
    this.position = position;
  }

  all(cypher: string, values: Neo4jValues = {}): Promise<readonly SqlRow[]> {
    return this.#session.run(textOf(cypher, this.#generation), values);
  }

  async get(cypher: string, values: Neo4jValues = {}): Promise<SqlRow | null> {
    const [row] = await this.all(cypher, values);
    return row ?? null;
  }
}

/** The text with labels and types of a generation. */
export function textOf(cypher: string, generation: string): string {
  return cypher.replaceAll(NAME_OF_GENERATION, (_, name: string) => named(name, generation));
}

/** A label or type of a generation, quoted. */
function named(name: string, generation: string): string {
  return `\`${name}_${generation}\``;
}

const NAME_OF_GENERATION = /\b([A-Za-z]+)_g\b/g;
