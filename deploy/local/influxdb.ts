import { join } from "node:path";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import { influxLoginStatements } from "../logins/influx.ts";
import type { Platform } from "../logins/logins.ts";
import { askHttp, expectStatus } from "./ask.ts";
import { type Instance, LOGIN, LOOPBACK, type Server } from "./server.ts";

const VERSION = "1.8.10";

/** InfluxDB 1.8, built from source. */
export const influxdb: Server = {
  name: "influxdb",
  version: VERSION,
  isDefault: true,
  hasNodes: false,
  recipe: {
    kind: "go",
    packages: [
      `github.com/influxdata/influxdb/cmd/influxd@v${VERSION}`,
      `github.com/influxdata/influxdb/cmd/influx_inspect@v${VERSION}`,
    ],
  },
  tools: [],
  ports: { http: 18_086, backup: 18_088 },
  logins: "always",
  user: null,
  readyWithinMs: 60_000,
  stopWithinMs: 60_000,
  stopSignal: "SIGTERM",
  files: (instance) => ({ "influxd.conf": settingsOf(instance) }),
  initialise: async () => undefined,
  clearAfter: async () => undefined,
  launch: ({ program, folder }) => ({
    program: join(program, "bin", "influxd"),
    arguments: ["-config", join(folder, "influxd.conf")],
  }),
  checkReady: ({ ports }) => expectStatus(204, askHttp(ports["http"] ?? 0, "/ping")),
  settle,
  makeLogins,
  variables: ([instance]) => ({
    CH_INFLUX_URL: instance === undefined ? "" : addressOf(instance),
  }),
};

function addressOf({ password, ports }: Instance): string {
  return `http://${LOGIN}:${password}@${LOOPBACK}:${ports["http"]}`;
}

function settingsOf({ folder, ports }: Instance): string {
  const data = (name: string) => JSON.stringify(join(folder, "data", name));
  return `\
reporting-disabled = true
bind-address = "${LOOPBACK}:${ports["backup"]}"

[meta]
dir = ${data("meta")}

[data]
dir = ${data("data")}
wal-dir = ${data("wal")}
index-version = "tsi1"
# Several writes are forced to the disk together.
wal-fsync-delay = "10ms"
max-series-per-database = 0
query-log-enabled = false

[http]
auth-enabled = true
bind-address = "${LOOPBACK}:${ports["http"]}"
max-body-size = 25000000
log-enabled = false

[monitor]
store-enabled = false

[subscriber]
enabled = false

[continuous_queries]
enabled = false
`;
}

/** Until there is an administrator, one may be created without a login. */
async function settle({ ports, password }: Instance): Promise<void> {
  const port = ports["http"] ?? 0;
  const login = { user: LOGIN, password };
  const ask = (question: object) => askHttp(port, "/query", { method: "POST", ...question });
  const known = await ask({ login, form: { q: "SHOW DATABASES" } });
  if (known.status === 200) return;
  // InfluxQL has no parameters here; the password is our own, of letters, digits, - and _.
  const create = `CREATE USER "${LOGIN}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`;
  await expectStatus(200, ask({ form: { q: create } }));
  await expectStatus(200, ask({ login, form: { q: "SHOW DATABASES" } }));
}

async function makeLogins(instance: Instance, { passwordOf }: Platform): Promise<void> {
  const client = new InfluxClient({ url: addressOf(instance), connections: 1 });
  try {
    const [users] = await client.command("SHOW USERS");
    const known = (users?.values ?? []).map(([name]) => String(name));
    for (const statement of influxLoginStatements(known, passwordOf)) {
      await client.command(statement);
    }
  } finally {
    client.close();
  }
}
