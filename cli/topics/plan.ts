import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import { compareTopics } from "../../platform/log/kafka/compare-topics.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb } from "../verb.ts";
import { differenceText, kafkaOf, SIZES_LINE, sizesOption, topicsOf } from "./wanted.ts";

export const topicsPlan = defineVerb({
  name: "plan",
  summary: "Shows what `topics apply` would change on Kafka; ends with 5 where it would refuse",
  optionLines: [SIZES_LINE],
  options: z.strictObject({ sizes: sizesOption }),
  examples: ["cipherhorizon topics plan", "cipherhorizon topics plan --sizes production --json"],
  run: async ({ options, output, environment }) => {
    const { settings } = kafkaOf(readConfig(environment));
    const { events, snapshots } = topicsOf(options.sizes);
    const differences = await compareTopics(settings, [...events, ...snapshots]);
    for (const one of differences) {
      if (output.json) output.value(one);
      else output.line(differenceText(one));
    }
    if (differences.length === 0) output.message("All topics are as they should be.");
    const isRefused = differences.some(({ kind }) => kind === "partitions");
    return isRefused ? exitCodes.conflict : exitCodes.ok;
  },
});
