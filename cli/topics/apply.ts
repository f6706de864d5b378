import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import { compareTopics, configureTopics } from "../../platform/log/kafka/compare-topics.ts";
import { openLogWriting } from "../../platform/log/places.ts";
import { openSnapshots } from "../../platform/snapshots/open-snapshots.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { logPlace } from "../log-place.ts";
import { defineVerb } from "../verb.ts";
import { differenceText, kafkaOf, SIZES_LINE, sizesOption, topicsOf } from "./wanted.ts";

export const topicsApply = defineVerb({
  name: "apply",
  summary: "Makes Kafka's topics as they should be, with the first record of each partition",
  optionLines: [SIZES_LINE],
  options: z.strictObject({ sizes: sizesOption }),
  examples: ["cipherhorizon topics apply", "cipherhorizon topics apply --sizes production"],
  run: async ({ options, output, environment }) => {
    const config = readConfig(environment);
    const { settings } = kafkaOf(config);
    const { events, snapshots } = topicsOf(options.sizes);
    const differences = await compareTopics(settings, [...events, ...snapshots]);
    const refused = differences.filter(({ kind }) => kind === "partitions");
    if (refused.length > 0) throw keysWouldMove(refused.map(differenceText));
    // Made by who writes them, so that a topic is never there without its first records.
    const { close } = await openLogWriting(logPlace(config), events);
    await close();
    await (await openSnapshots(logPlace(config), events, snapshots)).close();
    const changed = new Set(differences.filter(isConfiguration).map(({ topic }) => topic));
    await configureTopics(
      settings,
      [...events, ...snapshots].filter(({ topic }) => changed.has(topic)),
    );
    for (const one of differences) {
      if (output.json) output.value(one);
      else output.line(differenceText(one));
    }
    output.message(differences.length === 0 ? "Nothing had to change." : "Done.");
    return exitCodes.ok;
  },
});

function isConfiguration({ kind }: { readonly kind: string }): boolean {
  return kind === "configuration";
}

function keysWouldMove(texts: readonly string[]): Failure {
  return new Failure(exitCodes.conflict, {
    failed: "topics apply",
    error: texts.join("; "),
    tried: "nothing: with another number of partitions keys would move to other partitions",
    todo: "keep the topic as it is, or carry its events into a new one",
  });
}
