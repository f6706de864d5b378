export type {
  GenerationCancelled,
  GenerationPromoted,
  GenerationRetired,
  GenerationStarted,
  OperationsEvent as ProjectionEvent,
} from "../../../../schemas/generated/operations.ts";
