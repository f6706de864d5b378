import {
  type AnyBulkWriteOperation,
  type ClientSession,
  type Db,
  type Document,
  type Filter,
  type IndexDescription,
  Long,
  MongoClient,
  type MongoClientOptions,
  type Sort,
  type UpdateFilter,
} from "mongodb";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { showConnections } from "../../../platform/telemetry/client-connections.ts";
import { errorOfMongo, isCollectionGone, isCollectionThere } from "./errors.ts";

/** A server that takes no connection, or a pool that has none free, is given up on after this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** The server ends an operation that runs longer. */
const OPERATION_TIMEOUT_MS = 30_000;
/** The client gives up on a server that has not even ended the operation; the connection goes. */
const ANSWER_TIMEOUT_MS = OPERATION_TIMEOUT_MS + 5_000;
const IDLE_CONNECTION_MS = 30_000;
/** The oldest server that works: the stand-in of the tests calls itself so. */
const OLDEST_VERSION = 5;

export interface MongoDatabaseParts {
  /** `mongodb://user:password@host:port/database` */
  readonly url: string;
  /** Shown by the server in its log. */
  readonly name: string;
  /** At most so many at once. */
  readonly connections: number;
}

export interface MongoServer {
  readonly version: string;
  /** A replica set or a sharded cluster: writes to several documents can be one atomic step. */
  readonly hasTransactions: boolean;
}

/** A document as it stands in a collection; its key is one text. */
export interface StoredDocument extends Document {
  readonly _id: string;
}

export type MongoFilter = Filter<StoredDocument>;
export type MongoWrite = AnyBulkWriteOperation<StoredDocument>;

export interface MongoFind {
  readonly sort?: Sort;
  readonly limit?: number;
}

/** Connections to one database. Every call has a deadline, every error its name in the catalogue. */
export class MongoDatabase {
  /** `host:port/database`, without the login. */
  readonly place: string;
  readonly #client: MongoClient;
  readonly #hideConnections: () => void;
  #server: MongoServer | null = null;
  #isClosed = false;

  constructor({ url, name, connections }: MongoDatabaseParts) {
    this.#client = clientOf(url, {
      appName: `cipherhorizon ${name}`,
      maxPoolSize: connections,
      serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      waitQueueTimeoutMS: CONNECT_TIMEOUT_MS,
      socketTimeoutMS: ANSWER_TIMEOUT_MS,
      maxIdleTimeMS: IDLE_CONNECTION_MS,
      writeConcern: { w: "majority", journal: true },
      readConcern: { level: "majority" },
    });
    const { hosts, dbName } = this.#client.options;
    this.place = `${hosts.join(",")}/${dbName}`;
    this.#hideConnections = showConnections("mongo", countConnections(this.#client));
  }

  /** What the server is; throws STORE_UNSUITABLE where we cannot work with it. */
  async requireSuitableServer(): Promise<MongoServer> {
    this.#server ??= await this.#translated(() => askServer(this.#client.db()));
    const [major = 0] = this.#server.version.split(".").map(Number);
    if (major >= OLDEST_VERSION) return this.#server;
    const detail = `it is version ${this.#server.version}, and ${OLDEST_VERSION} is the oldest that works`;
    throw new PlatformError("STORE_UNSUITABLE", `MongoDB at ${this.place}: ${detail}`);
  }

  async run<T>(work: (session: MongoSession) => Promise<T>): Promise<T> {
    return this.#translated(() => work(new MongoSession(this.#client.db(), null)));
  }

  /**
   * Runs `work` in a transaction, on one state of the database, where the server has them: whatever
   * it throws undoes all of it. It may run several times, and does not overlap calls. Without
   * transactions it runs just so: what it writes must be harmless if it breaks off or comes late.
   */
  async atomically<T>(work: (session: MongoSession) => Promise<T>): Promise<T> {
    const { hasTransactions } = await this.requireSuitableServer();
    if (!hasTransactions) return this.run(work);
    return this.#translated(() => {
      return this.#client.withSession((session) => {
        return session.withTransaction(() => work(new MongoSession(this.#client.db(), session)), {
          readConcern: { level: "snapshot" },
          writeConcern: { w: "majority", journal: true },
          maxCommitTimeMS: OPERATION_TIMEOUT_MS,
        });
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hideConnections();
    await this.#client.close();
  }

  /** A client whose first connection has failed stays closed until it is told to connect again. */
  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (!this.#isClosed) await this.#client.connect();
      return await work();
    } catch (error) {
      throw errorOfMongo(error, this.place);
    }
  }
}

/** The calls that are made, each with its deadline, within a transaction if there is one. */
export class MongoSession {
  readonly #database: Db;
  readonly #session: ClientSession | null;

  constructor(database: Db, session: ClientSession | null) {
    this.#database = database;
    this.#session = session;
  }

  get isTransaction(): boolean {
    return this.#session !== null;
  }

  async find(
    collection: string,
    filter: MongoFilter,
    { sort, limit }: MongoFind = {},
  ): Promise<StoredDocument[]> {
    const found = this.#collection(collection).find(filter, this.#options());
    if (sort !== undefined) found.sort(sort);
    if (limit !== undefined) found.limit(limit);
    return found.toArray();
  }

  async aggregate(collection: string, pipeline: readonly Document[]): Promise<Document[]> {
    return this.#collection(collection)
      .aggregate([...pipeline], this.#options())
      .toArray();
  }

  /** In no order; see `duplicatesOf` for what comes of those whose key is taken. */
  async bulkWrite(collection: string, writes: readonly MongoWrite[]): Promise<void> {
    await this.#collection(collection).bulkWrite(writes, { ordered: false, ...this.#options() });
  }

  async insert(collection: string, document: StoredDocument): Promise<void> {
    await this.#collection(collection).insertOne(document, this.#options());
  }

  /** Gives whether a document was as the filter says. */
  async update(
    collection: string,
    filter: MongoFilter,
    update: UpdateFilter<StoredDocument>,
  ): Promise<boolean> {
    const changed = await this.#collection(collection).updateOne(filter, update, this.#options());
    return changed.matchedCount === 1;
  }

  /** Harmless when it is there. */
  async createCollection(name: string): Promise<void> {
    try {
      await this.#database.createCollection(name, this.#options());
    } catch (error) {
      if (!isCollectionThere(error)) throw error;
    }
  }

  async createIndexes(collection: string, indexes: IndexDescription[]): Promise<void> {
    if (indexes.length === 0) return;
    await this.#collection(collection).createIndexes(indexes, this.#options());
  }

  async collectionNames(): Promise<string[]> {
    const all = this.#database.listCollections({}, { nameOnly: true, ...this.#options() });
    return (await all.toArray()).map(({ name }) => name);
  }

  /** Harmless when it is gone. */
  async dropCollection(name: string): Promise<void> {
    try {
      await this.#database.dropCollection(name, this.#options());
    } catch (error) {
      if (!isCollectionGone(error)) throw error;
    }
  }

  /** Takes back what the transaction has written; without transactions nothing is. */
  async undo(): Promise<void> {
    await this.#session?.abortTransaction();
  }

  #collection(name: string) {
    return this.#database.collection<StoredDocument>(name);
  }

  #options() {
    const within = this.#session === null ? {} : { session: this.#session };
    return { maxTimeMS: OPERATION_TIMEOUT_MS, ...within };
  }
}

/** As the driver tells of its pool. */
function countConnections(client: MongoClient) {
  let [open, busy, waiting] = [0, 0, 0];
  client.on("connectionCreated", () => (open += 1));
  client.on("connectionClosed", () => (open -= 1));
  client.on("connectionCheckOutStarted", () => (waiting += 1));
  client.on("connectionCheckOutFailed", () => (waiting -= 1));
  client.on("connectionCheckedOut", () => {
    waiting -= 1;
    busy += 1;
  });
  client.on("connectionCheckedIn", () => (busy -= 1));
  return () => ({ busy, idle: open - busy, waiting });
}

/** What is wrong with an address is told without the address, which may hold a password. */
function clientOf(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch (error) {
    const fault = String(error).replaceAll(url, "it");
    throw new PlatformError("CONFIG_INVALID", `the address of MongoDB: ${fault}`);
  }
}

/** An integer, always of 64 bits, so that one column has one type whatever its values. */
export function mongoInteger(value: number): Long {
  return Long.fromNumber(value);
}

async function askServer(database: Db): Promise<MongoServer> {
  const { version } = await database.command({ buildInfo: 1 });
  // The older name of `hello`, which the stand-in does not know.
  const told = await database.command({ isMaster: 1 });
  const isOfSeveral = typeof told["setName"] === "string" || told["msg"] === "isdbgrid";
  const hasSessions = typeof told["logicalSessionTimeoutMinutes"] === "number";
  return { version: String(version), hasTransactions: isOfSeveral && hasSessions };
}
