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
} satisfies Catalogue;
