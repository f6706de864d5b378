import type { RegisteredProjection } from "../registry.ts";
import type { ReadStore } from "../runner/read-store.ts";

/** Which generation of which projection is meant. */
interface GenerationOf {
  readonly registered: RegisteredProjection;
  readonly generation: number;
  /** A login that may read it, where the server wants that said of each generation. */
  readonly reader: string | null;
}

/** Drops generations on one server, one after the other, by one connection. */
export interface ServerDropper {
  /** Gives whether anything was there. */
  drop(name: string, generation: number): Promise<boolean>;
  close(): Promise<void>;
}

/** A look at a server of read models: what it is, and what is on it. */
export interface StoreVisit {
  /** `PostgreSQL` */
  readonly product: string;
  /** Host, port and database, without the login. */
  readonly place: string;
  /** Gives its version; throws where it does not answer, refuses us, or is none we can work with. */
  requireSuitable(): Promise<string>;
  /** The numbers of the projection's generations. */
  generationsThere(projection: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

/**
 * What the platform does with a server of read models. Each server's is a file of its own, loaded
 * only where its address is configured: the drivers of all of them in each thread would cost an
 * embedded platform seconds at its start.
 */
export interface ServerStores {
  open(url: string, of: GenerationOf): ReadStore;
  dropper(url: string): ServerDropper;
  /** The visitor is named to the server. Whoever opened the visit closes it. */
  visit(url: string, name: string): StoreVisit;
}
