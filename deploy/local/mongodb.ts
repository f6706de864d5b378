import { join } from "node:path";
import { askSocket } from "./ask.ts";
import { LOOPBACK, type Server } from "./server.ts";

const VERSION = "1.47.0";
/** The database of the address: the stand-in has no logins, so no other is asked for. */
const DATABASE = "cipherhorizon";

/**
 * A stand-in for MongoDB, whose server no package registry has: mongo-java-server on H2. It has no
 * logins, transactions, sessions or change streams.
 */
export const mongodb: Server = {
  name: "mongodb",
  version: VERSION,
  isDefault: true,
  hasNodes: false,
  recipe: {
    kind: "maven",
    artifacts: [
      `de.bwaldvogel:mongo-java-server:${VERSION}`,
      `de.bwaldvogel:mongo-java-server-h2-backend:${VERSION}`,
      "org.slf4j:slf4j-simple:2.0.17",
    ],
    sources: ["MongoStandIn.java"],
    aboutMegabytes: 6,
  },
  tools: ["java"],
  ports: { mongo: 27_117 },
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
      ...["-Xmx512m", "-XX:+UseSerialGC"],
      // It tells every connection otherwise.
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      ...["-cp", `${join(program, "classes")}:${join(program, "lib", "*")}`, "MongoStandIn"],
      ...[join(folder, "data", "mongodb.mv.db"), LOOPBACK, String(ports["mongo"])],
    ],
  }),
  // It listens when its files are open, and not before.
  checkReady: async ({ ports }) => {
    await askSocket(ports["mongo"] ?? 0, new Uint8Array(), () => true);
  },
  settle: async () => undefined,
  variables: ([instance]) => ({
    CH_MONGO_URL: `mongodb://${LOOPBACK}:${instance?.ports["mongo"]}/${DATABASE}`,
  }),
};
