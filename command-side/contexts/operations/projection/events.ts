export type { OperationsEvent as ProjectionEvent } from "../../../../schemas/generated/operations.ts";
