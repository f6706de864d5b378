import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

export const refusals = {
  REBUILD_RUNNING: refusal("Rebuild running", "A projection builds one generation at a time."),
  GENERATION_NOT_IN_PHASE: refusal(
    "Generation in another phase",
    "The generation is not there or not where this step needs it.",
  ),
  GENERATION_NOT_VERIFIED: refusal(
    "Generation not verified",
    "Promotion needs the certificate of a comparison with the live generation, or force.",
  ),
  GENERATION_OF_OTHER_VERSION: refusal(
    "Generation of another version",
    "The code that runs may not feed it, so going back to it needs force.",
  ),
  PROJECTION_UNKNOWN: refusal("Projection unknown", "It has no generation yet."),
  STREAM_NOT_PARKED: refusal("Stream not parked", "The generation applies its events."),
  STREAM_PARKED_ELSEWHERE: refusal(
    "Stream parked elsewhere",
    "It is parked at another event than the one that was to be given up.",
  ),
  RELEASE_RUNNING: refusal("Release running", "The stream is being applied again."),
  EVENT_APPLIED: refusal(
    "Event applied",
    "Only an event that no generation has applied can be given up.",
  ),
  TOO_MANY_PARKED: refusal("Too many parked streams", "Most likely the projection is wrong."),
  TOO_MANY_DISCARDED: refusal("Too many discarded events", "Each is looked up for every event."),
} satisfies Catalogue;
