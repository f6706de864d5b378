import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

export const refusals = {
  REBUILD_RUNNING: refusal("Rebuild running", "A projection builds one generation at a time."),
  GENERATION_NOT_IN_PHASE: refusal(
    "Generation in another phase",
    "The generation is not there or not where this step needs it.",
  ),
} satisfies Catalogue;
