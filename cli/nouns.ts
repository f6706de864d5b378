import type { Nouns } from "./verb.ts";

/**
 * Every noun of the command line, its verbs loaded when it is asked for: a new verb is a file and a
 * line in the `verbs.ts` beside it. Those without a noun stand under "".
 */
export const nouns: Nouns = {
  "": {
    summary: "",
    load: async () => {
      const { demo } = await import("./demo.ts");
      const { doctor } = await import("./doctor.ts");
      const { explain } = await import("./explain.ts");
      return { verbs: [demo, doctor, explain] };
    },
  },
  serve: {
    summary: "Runs the platform or a part of it until it is stopped",
    load: () => import("./serve/verbs.ts"),
  },
  import: { summary: "Takes in files", load: () => import("./import/verbs.ts") },
  commands: { summary: "Commands to aggregates", load: () => import("./commands/verbs.ts") },
  events: { summary: "Events of the log", load: () => import("./events/verbs.ts") },
  aggregates: {
    summary: "State folded from events",
    load: () => import("./aggregates/verbs.ts"),
  },
  projections: {
    summary: "Read models and their generations",
    load: () => import("./projections/verbs.ts"),
  },
  parked: {
    summary: "Streams that were set aside at an event that could not be applied",
    load: () => import("./parked/verbs.ts"),
  },
  keys: { summary: "Who may speak to the servers", load: () => import("./keys/verbs.ts") },
  log: { summary: "The event log itself", load: () => import("./log/verbs.ts") },
  schemas: { summary: "Avro schemas of the events", load: () => import("./schemas/verbs.ts") },
  topics: { summary: "Topics of the log on Kafka", load: () => import("./topics/verbs.ts") },
  stack: {
    summary: "Real servers on this machine, without Docker",
    load: () => import("./stack/verbs.ts"),
  },
  config: { summary: "The CH_ variables", load: () => import("./config/verbs.ts") },
};
