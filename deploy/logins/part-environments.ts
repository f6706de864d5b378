import { projections } from "../../projections/registry.ts";
import type { StoreServer } from "../../projections/stores.ts";
import { COMMAND_SIDE, OPERATOR, type PasswordOf, PROCESSES, QUERIES } from "./logins.ts";

type Variables = Readonly<Record<string, string>>;

const STORES: Readonly<Record<StoreServer, string>> = {
  influx: "CH_INFLUX_URL",
  mongo: "CH_MONGO_URL",
  neo4j: "CH_NEO4J_URL",
  postgres: "CH_POSTGRES_URL",
  redis: "CH_REDIS_URL",
};
/** The servers where parts have logins of their own. */
const WITH_LOGINS: readonly StoreServer[] = ["influx", "postgres", "redis"];
const KAFKA_LOGIN = "CH_KAFKA_LOGIN";

/**
 * What each process of the platform is configured with: the log and the stores that it has to do
 * with, by its own login, and nothing of the others. `all` is the same with the login that may do
 * everything.
 */
export function partEnvironments(
  all: Variables,
  passwordOf: PasswordOf,
): ReadonlyMap<string, Variables> {
  const each = new Set([...Object.values(STORES), KAFKA_LOGIN]);
  const shared = Object.entries(all).filter(([name]) => !each.has(name));
  const hasKafkaLogins = all[KAFKA_LOGIN] !== undefined;
  const onLog = (login: string): [string, string][] => {
    return hasKafkaLogins ? [[KAFKA_LOGIN, `${login}:${passwordOf(login)}`]] : [];
  };
  const storeOf = (server: StoreServer, login: string): [string, string][] => {
    const address = all[STORES[server]];
    if (address === undefined) return [];
    // Administrators alone make and drop databases; they let the reader in.
    if (server === "influx" && login !== QUERIES) {
      return [
        [STORES.influx, address],
        ["CH_INFLUX_READER", QUERIES],
      ];
    }
    const own = WITH_LOGINS.includes(server) ? withLogin(address, login, passwordOf) : address;
    return [[STORES[server], own]];
  };
  const servers = Object.keys(STORES) as StoreServer[];
  const parts = new Map<string, [string, string][]>([
    [
      COMMAND_SIDE,
      [...onLog(COMMAND_SIDE), ...storeOf("postgres", PROCESSES), ...storeOf("influx", QUERIES)],
    ],
    ["query-api", [...onLog(QUERIES), ...servers.flatMap((server) => storeOf(server, QUERIES))]],
  ]);
  if (hasKafkaLogins) parts.set(OPERATOR, onLog(OPERATOR));
  for (const { projection, server } of projections) {
    const { name } = projection;
    const own = server === undefined ? [] : storeOf(server, name);
    parts.set(`projections-${name}`, [["CH_PROJECTIONS", name], ...onLog(name), ...own]);
  }
  return new Map([...parts].map(([part, own]) => [part, Object.fromEntries([...shared, ...own])]));
}

function withLogin(address: string, login: string, passwordOf: PasswordOf): string {
  const url = new URL(address);
  url.username = login;
  url.password = passwordOf(login);
  return url.href;
}
