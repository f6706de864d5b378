import kafkajs, { type AclEntry } from "kafkajs";
import { snapshotTopics, topics } from "../../kafka-topics/topics.ts";
import { projections } from "../../projections/registry.ts";
import { OPERATIONS } from "../../projections/runner/operations-follower.ts";
import { sharingGroups } from "../../projections/runner/share.ts";
import { COMMAND_SIDE, OPERATOR, QUERIES } from "./logins.ts";

// A CommonJS module whose names Node finds in part.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

interface Right {
  readonly on: "TOPIC" | "GROUP" | "TRANSACTIONAL_ID";
  /** Without the platform's prefix; what ends with `*` means all that begin so. */
  readonly names: readonly string[];
  readonly may: readonly (keyof typeof AclOperationTypes)[];
}

const EVENTS = topics.map(({ topic }) => topic);
const SNAPSHOTS = snapshotTopics.map(({ topic }) => topic);
/** By which the one writer of a partition fences the one before: `portfolio.events-0`. */
const FENCES = EVENTS.map((topic) => `${topic}-*`);

/**
 * What each login may. To write and to read a topic is to see it too; the names of other topics
 * stay hidden. Who makes a topic writes the first record of each partition, and reads whether it is
 * there.
 */
export const KAFKA_RIGHTS: ReadonlyMap<string, readonly Right[]> = new Map([
  [
    COMMAND_SIDE,
    [
      right("TOPIC", [...EVENTS, ...SNAPSHOTS], ["READ", "WRITE"]),
      right("TRANSACTIONAL_ID", FENCES, ["WRITE"]),
      right("GROUP", ["command-side"], ["READ"]),
    ],
  ],
  ...projections.map(({ projection: { name, topics: read } }): [string, Right[]] => [
    name,
    [
      right("TOPIC", [...read, OPERATIONS.topic], ["READ"]),
      right("GROUP", [`${sharingGroups(name)}*`], ["READ"]),
    ],
  ]),
  [
    QUERIES,
    [right("TOPIC", EVENTS, ["READ"]), right("GROUP", [`${sharingGroups("")}*`], ["DESCRIBE"])],
  ],
  [
    OPERATOR,
    [
      right("TOPIC", [...EVENTS, ...SNAPSHOTS], ["CREATE", "DESCRIBE", "ALTER_CONFIGS"]),
      right("TOPIC", EVENTS, ["READ", "WRITE"]),
      right("TRANSACTIONAL_ID", FENCES, ["WRITE"]),
    ],
  ],
]);

/** The same as Kafka's access control lists have it. */
export function kafkaAcls(topicPrefix: string): AclEntry[] {
  return [...KAFKA_RIGHTS].flatMap(([login, rights]) =>
    rights.flatMap(({ on, names, may }) =>
      names.flatMap((name) =>
        may.map((operation) => ({
          principal: `User:${login}`,
          host: "*",
          resourceType: AclResourceTypes[on],
          resourceName: `${topicPrefix}${name.replace(/\*$/, "")}`,
          resourcePatternType: ResourcePatternTypes[name.endsWith("*") ? "PREFIXED" : "LITERAL"],
          operation: AclOperationTypes[operation],
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    ),
  );
}

function right(on: Right["on"], names: readonly string[], may: Right["may"]): Right {
  return { on, names, may };
}
