import { join } from "node:path";
import { runningProcess } from "../deploy/local/server-process.ts";
import { OwnStack } from "../test/chaos/own-stack.ts";

/** By which variable each server is given. */
const VARIABLES = {
  kafka: "CH_KAFKA_BROKERS",
  registry: "CH_SCHEMA_REGISTRY_URL",
  postgres: "CH_POSTGRES_URL",
  redis: "CH_REDIS_URL",
  influxdb: "CH_INFLUX_URL",
  neo4j: "CH_NEO4J_URL",
  mongodb: "CH_MONGO_URL",
} as const;

const INTERRUPTED = 130;

export type ServerName = keyof typeof VARIABLES;

/** In the order in which a command and its events come upon them. */
export const ALL_SERVERS = Object.keys(VARIABLES) as readonly ServerName[];

/**
 * The servers of one run: those whose variable is set are used as they are; the others are started
 * for the run, as `stack up` starts them, and removed after it.
 */
export class BenchServers {
  readonly #stack = new OwnStack();
  readonly #own: readonly ServerName[];

  private constructor(own: readonly ServerName[]) {
    this.#own = own;
  }

  /** Resolves when all are ready. */
  static async start(names: readonly ServerName[]): Promise<BenchServers> {
    const servers = new BenchServers(names.filter((name) => !process.env[VARIABLES[name]]));
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      // They outlive us unless they are stopped.
      process.once(signal, () => servers.remove().finally(() => process.exit(INTERRUPTED)));
    }
    try {
      if (servers.#own.length > 0) await servers.#stack.up(servers.#own, { freePorts: true });
      return servers;
    } catch (error) {
      await servers.remove();
      throw error;
    }
  }

  /** The variables by which the platform finds all of them. */
  environment(): Readonly<Record<string, string>> {
    const given = Object.values(VARIABLES).flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value] as const] : [];
    });
    const own = this.#own.length > 0 ? this.#stack.environment() : {};
    return { ...own, ...Object.fromEntries(given) };
  }

  addressOf(name: ServerName): string {
    const address = this.environment()[VARIABLES[name]];
    if (address === undefined) throw new Error(`${name} was not asked for`);
    return address;
  }

  /** Where one of ours keeps its files; null: it was given, and may be anywhere. */
  folderOf(name: ServerName): string | null {
    if (!this.#own.includes(name)) return null;
    return join(this.#stack.folder, name === "kafka" ? "kafka-1" : name);
  }

  /** Of those that are ours. */
  processes(): readonly { readonly name: string; readonly pid: number }[] {
    return this.#own.flatMap((name) => {
      const running = runningProcess({ folder: this.folderOf(name) as string });
      return running === null ? [] : [{ name, pid: running.pid }];
    });
  }

  /** Stops one of ours, so that what it keeps is on the disk, and starts it again. */
  async restart(name: ServerName, whileStopped: () => Promise<void>): Promise<void> {
    await this.#stack.down([name]);
    await whileStopped();
    await this.#stack.up([name]);
  }

  /** A folder that goes with the run. */
  folderFor(name: string): string {
    return this.#stack.folderFor(name);
  }

  async remove(): Promise<void> {
    await this.#stack.remove();
  }
}
