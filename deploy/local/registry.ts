import { join } from "node:path";
import { askHttp, expectStatus } from "./ask.ts";
import { LOOPBACK, type Server } from "./server.ts";

const API = "/apis/ccompat/v7";

/** The schema registry: Apicurio, which speaks Confluent's API. */
export const registry: Server = {
  name: "registry",
  version: "2.6.13.Final",
  isDefault: true,
  hasNodes: false,
  recipe: {
    kind: "maven",
    artifacts: ["io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all"],
    sources: [],
    aboutMegabytes: 142,
  },
  tools: ["java"],
  ports: { http: 18_081 },
  logins: "never",
  user: null,
  readyWithinMs: 60_000,
  stopWithinMs: 30_000,
  stopSignal: "SIGTERM",
  files: () => ({}),
  initialise: async () => undefined,
  clearAfter: async () => undefined,
  launch: ({ program, folder, ports }) => ({
    program: "java",
    arguments: [
      ...["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
      "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
      ...["-jar", join(program, "apicurio-registry-app-2.6.13.Final-runner.jar")],
    ],
    environment: {
      QUARKUS_HTTP_HOST: LOOPBACK,
      HTTP_PORT: String(ports["http"]),
      // Else a schema that is only laid out differently gets another id.
      ENABLE_CCOMPAT_CANONICAL_HASH_MODE: "true",
      // Else a schema that was acknowledged can be gone after a crash.
      REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${join(folder, "data", "registry")};WRITE_DELAY=0`,
      QUARKUS_DATASOURCE_JDBC_INITIAL_SIZE: "2",
      QUARKUS_DATASOURCE_JDBC_MIN_SIZE: "2",
      QUARKUS_DATASOURCE_JDBC_MAX_SIZE: "10",
    },
  }),
  checkReady: ({ ports }) => expectStatus(200, askHttp(ports["http"] ?? 0, `${API}/subjects`)),
  settle: async () => undefined,
  variables: ([instance]) => ({
    CH_SCHEMA_REGISTRY_URL: `http://${LOOPBACK}:${instance?.ports["http"]}${API}`,
  }),
};
