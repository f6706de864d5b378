import { resolve } from "node:path";
import { z } from "zod";
import { apiKeyText } from "../access/api-key.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/logger.ts";
import {
  isCollectorUrl,
  isHttpUrl,
  isInfluxUrl,
  isMongoUrl,
  isNeo4jUrl,
  isPostgresUrl,
  isRedisUrl,
} from "./addresses.ts";
import { integer, optional, required } from "./variable.ts";

const MINIMUM_SECRET_CHARACTERS = 32;
const MAXIMUM_PORT = 65_535;
const MAXIMUM_SHUTDOWN_SECONDS = 600;
const MAXIMUM_RATE_LIMIT_REQUESTS = 10_000_000;
const MAXIMUM_RATE_LIMIT_SECONDS = 3_600;
const MAXIMUM_GRACE_SECONDS = 30 * 86_400;
const MAXIMUM_AS_OF_RECORDS = 1_000_000_000;
const MAXIMUM_SNAPSHOT_EVENTS = 100_000_000;
const SHORTEST_KAFKA_SESSION_MS = 1_000;
const LONGEST_KAFKA_SESSION_MS = 300_000;
export const USUAL_KAFKA_SESSION_MS = 6_000;

/** Of a key, where the configuration does not say: 100 a second, in bursts of a minute's. */
export const DEFAULT_RATE_LIMIT_REQUESTS = 6_000;

const path = z
  .string()
  .min(1)
  .transform((text) => resolve(text));

const address = z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/);

const httpUrl = z
  .string()
  .refine(isHttpUrl)
  .transform((text) => text.replace(/\/+$/, ""));

const port = integer(0, MAXIMUM_PORT);

/** Every variable there is. Field names are those of `Config`. */
export const variables = {
  dataFolder: required<string>({
    name: "CH_DATA_FOLDER",
    meaning: "Where the embedded log, the read stores, the lock and the cursor key are kept.",
    rule: "a folder that is there or can be made",
    example: "/var/lib/cipherhorizon",
    fallback: "./.cipherhorizon",
    schema: path,
  }),
  host: required<string>({
    name: "CH_HOST",
    meaning: "The address the HTTP servers listen on.",
    rule:
      "an address of this machine; without CH_API_KEYS_FILE one that it alone reaches: " +
      "127.0.0.1, ::1 or localhost",
    example: "127.0.0.1",
    fallback: "127.0.0.1",
    schema: address,
  }),
  port: required<number>({
    name: "CH_PORT",
    meaning: "The port of `serve all` and `serve query-api`; 0 lets the system choose.",
    rule: `an integer from 0 to ${MAXIMUM_PORT}`,
    example: "8080",
    fallback: "8080",
    schema: port,
  }),
  commandPort: required<number>({
    name: "CH_COMMAND_PORT",
    meaning: "The port of `serve command-side`; 0 lets the system choose.",
    rule: `an integer from 0 to ${MAXIMUM_PORT}`,
    example: "8081",
    fallback: "8081",
    schema: port,
  }),
  projectionsPort: required<number>({
    name: "CH_PROJECTIONS_PORT",
    meaning:
      "The port of `serve projections`, for health checks and metrics; 0 lets the system choose.",
    rule: `an integer from 0 to ${MAXIMUM_PORT}`,
    example: "8082",
    fallback: "0",
    schema: port,
  }),
  advertisedUrl: optional<string>({
    name: "CH_ADVERTISED_URL",
    meaning:
      "Where the other command sides on the same Kafka reach this one; without it the address it " +
      "listens on.",
    rule: "an http or https address without path, query and login",
    example: "http://10.0.0.7:8081",
    schema: httpUrl,
  }),
  commandUrl: optional<string>({
    name: "CH_COMMAND_URL",
    meaning:
      "The command side that projections, the query API and the command line talk to; " +
      "without it the one that holds the data folder.",
    rule: "an http or https address without path, query and login",
    example: "http://127.0.0.1:8081",
    schema: httpUrl,
  }),
  apiKeysFile: optional<string>({
    name: "CH_API_KEYS_FILE",
    meaning:
      "The keys that requests must bear; `cipherhorizon keys create` makes one. Without it there " +
      "are no keys, and the servers listen on this machine alone.",
    rule: "a file that its owner alone can open (mode 600)",
    example: "/etc/cipherhorizon/api-keys.jsonl",
    schema: path,
  }),
  apiKey: optional<string>({
    name: "CH_API_KEY",
    meaning:
      "The key that the command line, and projections in a process of their own, bear when they " +
      "speak to a server.",
    rule: "a key as `cipherhorizon keys create` printed it",
    example: "chk_ and what follows it",
    secret: true,
    schema: apiKeyText,
  }),
  rateLimitRequests: optional<number>({
    name: "CH_RATE_LIMIT_REQUESTS",
    meaning:
      "How many requests a key, or an address without one, may make in CH_RATE_LIMIT_SECONDS; " +
      `0: any number. Left out, it is ${DEFAULT_RATE_LIMIT_REQUESTS} where keys are needed, and ` +
      "any number where not.",
    rule: `an integer from 0 to ${MAXIMUM_RATE_LIMIT_REQUESTS}`,
    example: "6000",
    schema: integer(0, MAXIMUM_RATE_LIMIT_REQUESTS),
  }),
  rateLimitSeconds: required<number>({
    name: "CH_RATE_LIMIT_SECONDS",
    meaning: "The window in which requests are counted, from its first one on.",
    rule: `an integer from 1 to ${MAXIMUM_RATE_LIMIT_SECONDS}`,
    example: "60",
    fallback: "60",
    schema: integer(1, MAXIMUM_RATE_LIMIT_SECONDS),
  }),
  rateLimitRedisUrl: optional<string>({
    name: "CH_RATE_LIMIT_REDIS_URL",
    meaning:
      "The Redis in which several processes count a key's requests together, under keys that " +
      "begin with limits: ; without it, and while it is away, each counts by itself.",
    rule: "a redis or rediss address with a host, and a number where it has a database",
    example: "redis://limits:password@127.0.0.1:6379/1",
    secret: true,
    schema: z.string().refine(isRedisUrl),
  }),
  kafkaBrokers: optional<readonly string[]>({
    name: "CH_KAFKA_BROKERS",
    meaning:
      "The Kafka that holds the log; without it SQLite in the data folder does. It wants " +
      "CH_SCHEMA_REGISTRY_URL beside it.",
    rule: "host:port, several separated by commas",
    example: "127.0.0.1:9092",
    schema: z
      .string()
      .regex(/^[^\s:,/@]+:\d{1,5}(,[^\s:,/@]+:\d{1,5})*$/)
      .transform((text): readonly string[] => text.split(",")),
  }),
  kafkaTopicPrefix: optional<string>({
    name: "CH_KAFKA_TOPIC_PREFIX",
    meaning:
      "Stands before the names of topics, schema subjects and groups, so that several platforms " +
      "can share a Kafka and a registry.",
    rule: "1 to 100 letters, digits and . _ -",
    example: "staging.",
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  }),
  kafkaLogin: optional<string>({
    name: "CH_KAFKA_LOGIN",
    meaning: "User and password for Kafka (SCRAM-SHA-512); without it nobody is authenticated.",
    rule: "user:password",
    example: "command-side:the-password",
    secret: true,
    schema: z.string().regex(/^[^:\s]+:.+$/),
  }),
  kafkaTls: required<boolean>({
    name: "CH_KAFKA_TLS",
    meaning: "Whether connections to Kafka are encrypted.",
    rule: "true or false",
    example: "true",
    fallback: "false",
    schema: z.enum(["true", "false"]).transform((text) => text === "true"),
  }),
  kafkaSessionMs: required<number>({
    name: "CH_KAFKA_SESSION_MS",
    meaning:
      "How long after its last heartbeat a command side or a projector counts as dead, and its " +
      "partitions go to the others. Below 6000 Kafka must allow it (group.min.session.timeout.ms).",
    rule: `milliseconds, an integer from ${SHORTEST_KAFKA_SESSION_MS} to ${LONGEST_KAFKA_SESSION_MS}`,
    example: "1500",
    fallback: String(USUAL_KAFKA_SESSION_MS),
    schema: integer(SHORTEST_KAFKA_SESSION_MS, LONGEST_KAFKA_SESSION_MS),
  }),
  kafkaReplication: required<number>({
    name: "CH_KAFKA_REPLICATION",
    meaning: "On how many brokers each topic that is made has a replica.",
    rule: "an integer from 1 to 9; 3 wants three brokers",
    example: "3",
    fallback: "1",
    schema: integer(1, 9),
  }),
  schemaRegistryUrl: optional<string>({
    name: "CH_SCHEMA_REGISTRY_URL",
    meaning: "The Confluent-compatible registry of the schemas of events on Kafka.",
    rule: "an http or https address, with a path where the registry has one",
    example: "http://127.0.0.1:8081",
    secret: true,
    schema: z.url({ protocol: /^https?$/ }),
  }),
  influxUrl: optional<string>({
    name: "CH_INFLUX_URL",
    meaning:
      "The InfluxDB (1.8; 2.7 by organization:token) that holds ticks and candles; without it " +
      "SQLite in the data folder does. It takes one log: give another data folder another server.",
    rule: "an http or https address without path and query",
    example: "http://user:password@127.0.0.1:8086",
    secret: true,
    schema: z.string().refine(isInfluxUrl),
  }),
  influxReader: optional<string>({
    name: "CH_INFLUX_READER",
    meaning:
      "The user of InfluxDB 1.8 who may read ticks and candles: who feeds them grants it that, " +
      "generation by generation. Without it no user is granted anything.",
    rule: "1 to 100 letters, digits and . _ -; a user who is there",
    example: "queries",
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  }),
  mongoUrl: optional<string>({
    name: "CH_MONGO_URL",
    meaning:
      "The MongoDB that holds strategies; without it SQLite in the data folder does. It takes one " +
      "log: give another data folder another database.",
    rule: "a mongodb or mongodb+srv address with a host and a database",
    example: "mongodb://user:password@127.0.0.1:27017/cipherhorizon",
    secret: true,
    schema: z.string().refine(isMongoUrl),
  }),
  postgresUrl: optional<string>({
    name: "CH_POSTGRES_URL",
    meaning:
      "The PostgreSQL that holds portfolios, equity curves and what process managers keep; without " +
      "it SQLite in the data folder does. It takes one log: give another data folder another " +
      "database.",
    rule: "a postgres address with a host and a database",
    example: "postgres://user:password@127.0.0.1:5432/cipherhorizon",
    secret: true,
    schema: z.string().refine(isPostgresUrl),
  }),
  neo4jUrl: optional<string>({
    name: "CH_NEO4J_URL",
    meaning:
      "The Neo4j that holds the social graph; without it SQLite in the data folder does. It takes " +
      "one log: give another data folder another server.",
    rule: "a bolt or neo4j address with user, password and host; a database may follow",
    example: "bolt://user:password@127.0.0.1:7687",
    secret: true,
    schema: z.string().refine(isNeo4jUrl),
  }),
  redisUrl: optional<string>({
    name: "CH_REDIS_URL",
    meaning:
      "The Redis that holds risk; without it SQLite in the data folder does. It takes one log: " +
      "give another data folder another database.",
    rule: "a redis or rediss address with a host, and a number where it has a database",
    example: "redis://user:password@127.0.0.1:6379/0",
    secret: true,
    schema: z.string().refine(isRedisUrl),
  }),
  logLevel: required<LogLevel>({
    name: "CH_LOG_LEVEL",
    meaning: "The least severe level that is written to stderr.",
    rule: `one of ${LOG_LEVELS.join(", ")}`,
    example: "debug",
    fallback: "info",
    schema: z.enum(LOG_LEVELS),
  }),
  otlpUrl: optional<string>({
    name: "CH_OTLP_URL",
    meaning:
      "The OpenTelemetry collector that spans go to (OTLP/HTTP in JSON, at /v1/traces after this " +
      "address); without it nothing is traced.",
    rule: "an http or https address without login and query; a path may follow",
    example: "http://127.0.0.1:4318",
    schema: z.string().refine(isCollectorUrl),
  }),
  traceRatio: required<number>({
    name: "CH_TRACE_RATIO",
    meaning:
      "Which part of the traces that begin here is recorded; of one that a client or another " +
      "process has begun, its traceparent says it.",
    rule: "a number from 0 to 1",
    example: "0.01",
    fallback: "1",
    schema: z
      .string()
      .regex(/^[01](\.\d{1,9})?$/)
      .transform(Number)
      .refine((ratio) => ratio <= 1),
  }),
  cursorSecret: optional<string>({
    name: "CH_CURSOR_SECRET",
    meaning: "What signs the cursors of pages; without it a key is made in the data folder.",
    rule: `at least ${MINIMUM_SECRET_CHARACTERS} characters`,
    example: "the output of: openssl rand -hex 32",
    secret: true,
    schema: z.string().min(MINIMUM_SECRET_CHARACTERS),
  }),
  shutdownSeconds: required<number>({
    name: "CH_SHUTDOWN_SECONDS",
    meaning: "How long a stop may take before what is left is cut off.",
    rule: `an integer from 1 to ${MAXIMUM_SHUTDOWN_SECONDS}`,
    example: "30",
    fallback: "20",
    schema: integer(1, MAXIMUM_SHUTDOWN_SECONDS),
  }),
  projections: required<string>({
    name: "CH_PROJECTIONS",
    meaning:
      "The projections that `serve all` and `serve projections` feed, where the latter names none; " +
      "the others are another process's, which may have logins of its own.",
    rule: "all, or names separated by commas",
    example: "portfolios,equity-curve",
    fallback: "all",
    schema: z.string().regex(/^[a-z-]+(,[a-z-]+)*$/),
  }),
  generationGraceSeconds: required<number>({
    name: "CH_GENERATION_GRACE_SECONDS",
    meaning:
      "How long a generation of a read model that was replaced is fed on, so that `projections " +
      "rollback` takes effect at once; then it is dropped.",
    rule: `an integer from 0 to ${MAXIMUM_GRACE_SECONDS}`,
    example: "3600",
    fallback: "300",
    schema: integer(0, MAXIMUM_GRACE_SECONDS),
  }),
  asOfRecords: required<number>({
    name: "CH_AS_OF_RECORDS",
    meaning:
      "How many records of the log a query with `?asOf=` may have replayed for each read model " +
      "that it asks; what rests on more is refused.",
    rule: `an integer from 1 to ${MAXIMUM_AS_OF_RECORDS}`,
    example: "5000000",
    fallback: "1000000",
    schema: integer(1, MAXIMUM_AS_OF_RECORDS),
  }),
  processManagers: required<string>({
    name: "CH_PROCESS_MANAGERS",
    meaning:
      "The process managers that run; one that is left out leaves commands alone and its work " +
      "undone until it runs again.",
    rule: "all, none, or names separated by commas",
    example: "candle-revision",
    fallback: "all",
    schema: z.string().regex(/^[a-z-]+(,[a-z-]+)*$/),
  }),
  processStart: required<"end" | "beginning">({
    name: "CH_PROCESS_START",
    meaning:
      "From where on a process manager that has no store acts; in a log without events that is " +
      "the beginning. `beginning` sends commands for all events ever recorded.",
    rule: "end or beginning",
    example: "beginning",
    fallback: "end",
    schema: z.enum(["end", "beginning"]),
  }),
  snapshotEvents: required<number>({
    name: "CH_SNAPSHOT_EVENTS",
    meaning:
      "After how many events of a partition its owner writes a snapshot, from which a start goes " +
      "on; with 0 there are no snapshots, and a start reads the whole log.",
    rule: `an integer from 0 to ${MAXIMUM_SNAPSHOT_EVENTS}`,
    example: "50000",
    fallback: "50000",
    schema: integer(0, MAXIMUM_SNAPSHOT_EVENTS),
  }),
  sampleData: optional<string>({
    name: "CH_SAMPLE_DATA",
    meaning: "A folder of sample ticks and fills for the tests that need them.",
    rule: "a folder",
    example: "/srv/sample-data",
    schema: path,
  }),
  browser: optional<string>({
    name: "CH_BROWSER",
    meaning: "A Chromium for the tests of the console; else one is looked for on the path.",
    rule: "a program's path",
    example: "/usr/bin/chromium",
    schema: path,
  }),
} as const;
