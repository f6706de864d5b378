import { projections } from "../../projections/registry.ts";
import type { StoreServer } from "../../projections/stores.ts";
import { type PasswordOf, PROCESSES, QUERIES } from "./logins.ts";

type Variables = Readonly<Record<string, string>>;

const STORES: Readonly<Record<StoreServer, string>> = {
  influx: "CH_INFLUX_URL",
  mongo: "CH_MONGO_URL",
  neo4j: "CH_NEO4J_URL",
  postgres: "CH_POSTGRES_URL",
  redis: "CH_REDIS_URL",
};
/** The servers where parts have logins of their own. */
const WITH_LOGINS: readonly StoreServer[] = ["postgres", "redis"];

/**
 * What each process of the platform is configured with: the stores that it has to do with, by its
 * own login, and nothing of the others. `all` is the same with the login that may do everything.
 */
export function partEnvironments(
  all: Variables,
  passwordOf: PasswordOf,
): ReadonlyMap<string, Variables> {
  const stores = new Set(Object.values(STORES));
  const shared = Object.entries(all).filter(([name]) => !stores.has(name));
  const storeOf = (server: StoreServer, login: string): [string, string][] => {
    const address = all[STORES[server]];
    if (address === undefined) return [];
    const own = WITH_LOGINS.includes(server) ? withLogin(address, login, passwordOf) : address;
    return [[STORES[server], own]];
  };
  const servers = Object.keys(STORES) as StoreServer[];
  const parts = new Map<string, [string, string][]>([
    ["command-side", [...storeOf("postgres", PROCESSES), ...storeOf("influx", QUERIES)]],
    ["query-api", servers.flatMap((server) => storeOf(server, QUERIES))],
  ]);
  for (const { projection, server } of projections) {
    const own = server === undefined ? [] : storeOf(server, projection.name);
    parts.set(`projections-${projection.name}`, [["CH_PROJECTIONS", projection.name], ...own]);
  }
  return new Map([...parts].map(([part, own]) => [part, Object.fromEntries([...shared, ...own])]));
}

function withLogin(address: string, login: string, passwordOf: PasswordOf): string {
  const url = new URL(address);
  url.username = login;
  url.password = passwordOf(login);
  return url.href;
}
