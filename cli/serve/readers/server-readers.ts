import type { QueryApiParts } from "../../../query-api/main.ts";

/** How to open a generation of each read model. */
export type Openers = QueryApiParts["readers"];

/** The read models that stand on one server, by connections that all their generations share. */
export interface ServerReaders {
  readonly readers: Partial<Openers>;
  /** After the last generation was closed. */
  close(): Promise<void>;
}

/** Connections of this process to one server. */
export const QUERY_CONNECTIONS = 8;
