import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { askHttp, expectStatus } from "./ask.ts";
import { runJava } from "./run-java.ts";
import { type Instance, LOOPBACK, type Server } from "./server.ts";

const VERSION = "5.26.30";
/** The only user of a new Neo4j. */
const USER = "neo4j";

/** Neo4j community. */
export const neo4j: Server = {
  name: "neo4j",
  version: VERSION,
  isDefault: true,
  hasNodes: false,
  recipe: {
    kind: "maven",
    artifacts: [`org.neo4j.app:neo4j-server:${VERSION}`, `org.neo4j:neo4j:${VERSION}`],
    sources: [],
    aboutMegabytes: 123,
  },
  tools: ["java"],
  ports: { bolt: 17_687, http: 17_474 },
  logins: "always",
  user: null,
  // After a crash it reads its transaction log first.
  readyWithinMs: 120_000,
  stopWithinMs: 60_000,
  stopSignal: "SIGTERM",
  files: (instance) => ({ "conf/neo4j.conf": settingsOf(instance) }),
  initialise,
  clearAfter: async () => undefined,
  launch: ({ program, folder }) => ({
    program: "java",
    arguments: [
      ...["-Xms512m", "-Xmx1g", "-XX:+UseG1GC"],
      ...OPENED_PACKAGES.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ...["-cp", join(program, "lib", "*"), "org.neo4j.server.CommunityEntryPoint"],
      ...[`--home-dir=${folder}`, `--config-dir=${join(folder, "conf")}`, "--console-mode"],
    ],
  }),
  // Asks the database itself: the page at / is there before it is.
  checkReady: ({ ports, password }) => {
    const login = { user: USER, password };
    const question = { method: "POST", login, json: { statements: [] } } as const;
    return expectStatus(200, askHttp(ports["http"] ?? 0, "/db/neo4j/tx/commit", question));
  },
  settle: async () => undefined,
  variables: ([instance]) => ({
    CH_NEO4J_URL: `bolt://${USER}:${instance?.password}@${LOOPBACK}:${instance?.ports["bolt"]}`,
  }),
};

const OPENED_PACKAGES = ["java.nio", "java.io", "sun.nio.ch"];

function settingsOf({ folder, ports }: Instance): string {
  const settings = {
    "server.directories.data": join(folder, "data"),
    "server.default_listen_address": LOOPBACK,
    "server.bolt.listen_address": `:${ports["bolt"]}`,
    "server.bolt.advertised_address": `${LOOPBACK}:${ports["bolt"]}`,
    "server.http.listen_address": `:${ports["http"]}`,
    "server.http.advertised_address": `${LOOPBACK}:${ports["http"]}`,
    "server.https.enabled": false,
    "dbms.security.auth_enabled": true,
    "dbms.usage_report.enabled": false,
    "server.memory.pagecache.size": "512m",
    "db.tx_log.preallocate": false,
    "db.tx_log.rotation.retention_policy": "256M size",
    // With the usual 15 minutes it takes a minute to recover from a crash.
    "db.checkpoint.interval.time": "15s",
    "internal.dbms.bolt.netty_server_shutdown_quiet_period": 0,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return lines.join("");
}

async function initialise(instance: Instance, onStart: (pid: number) => void): Promise<void> {
  const { folder, password } = instance;
  for (const name of ["logs", "plugins", "import", "run", "licenses", "labs", "certificates"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const words = ["org.neo4j.cli.AdminTool", "dbms", "set-initial-password", password];
  const environment = { NEO4J_HOME: folder, NEO4J_CONF: join(folder, "conf") };
  await runJava(instance, words, onStart, environment);
}
