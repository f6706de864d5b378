import kafkajs from "kafkajs";
import type { KafkaTopic } from "./create-topics.ts";
import { clientConfig, KafkaCluster, type KafkaSettings } from "./kafka-cluster.ts";

// A CommonJS module whose names Node finds in part.
const { ConfigResourceTypes, Kafka } = kafkajs;

/** One way in which Kafka's topics are not as the platform wants them. */
export type TopicDifference =
  | { readonly kind: "missing"; readonly topic: string; readonly partitions: number }
  /** Never changed: keys would move to other partitions. */
  | {
      readonly kind: "partitions";
      readonly topic: string;
      readonly there: number;
      readonly wanted: number;
    }
  | {
      readonly kind: "configuration";
      readonly topic: string;
      readonly name: string;
      readonly there: string;
      readonly wanted: string;
    };

/** What would have to change, in the order of the topics given. */
export async function compareTopics(
  settings: KafkaSettings,
  wanted: readonly KafkaTopic[],
): Promise<readonly TopicDifference[]> {
  const cluster = await KafkaCluster.connect(settings, "all");
  try {
    const sizes = cluster.topicSizes();
    const existing = wanted.filter(({ topic }) => sizes.has(topic));
    const configurations = await readConfigurations(cluster, existing);
    return wanted.flatMap((one): TopicDifference[] => {
      const { topic, partitions } = one;
      const there = sizes.get(topic);
      if (there === undefined) return [{ kind: "missing", topic, partitions }];
      const differences = differencesOf(one, configurations.get(topic) ?? new Map());
      if (there === partitions) return differences;
      return [{ kind: "partitions", topic, there, wanted: partitions }, ...differences];
    });
  } finally {
    await cluster.close();
  }
}

/** Sets each topic's configuration as it is wanted; what is not named there falls to its default. */
export async function configureTopics(
  settings: KafkaSettings,
  wanted: readonly KafkaTopic[],
): Promise<void> {
  if (wanted.length === 0) return;
  const admin = new Kafka(clientConfig(settings)).admin();
  await admin.connect();
  try {
    const resources = wanted.map(({ topic, configuration }) => ({
      type: ConfigResourceTypes.TOPIC,
      name: `${settings.topicPrefix}${topic}`,
      configEntries: Object.entries(configuration).map(([name, value]) => ({ name, value })),
    }));
    await admin.alterConfigs({ validateOnly: false, resources });
  } finally {
    await admin.disconnect();
  }
}

type Configuration = ReadonlyMap<string, string>;

async function readConfigurations(
  cluster: KafkaCluster,
  topics: readonly KafkaTopic[],
): Promise<ReadonlyMap<string, Configuration>> {
  if (topics.length === 0) return new Map();
  const admin = new Kafka(clientConfig(cluster.settings)).admin();
  await admin.connect();
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(({ topic }) => {
        return { type: ConfigResourceTypes.TOPIC, name: cluster.topicName(topic) };
      }),
    });
    const prefix = cluster.topicName("").length;
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName.slice(prefix),
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } finally {
    await admin.disconnect();
  }
}

function differencesOf({ topic, configuration }: KafkaTopic, there: Configuration) {
  return Object.entries(configuration).flatMap(([name, wanted]): TopicDifference[] => {
    const value = there.get(name) ?? "";
    return value === wanted ? [] : [{ kind: "configuration", topic, name, there: value, wanted }];
  });
}
