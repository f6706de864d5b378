import {
  type GenerationCommand,
  type GenerationStep,
  generationRequest,
  type OperationsOutcome,
  type OperationsPort,
} from "./operations.ts";

/** A step that was not taken, or whose event does not come, is asked for again after this time. */
const ASK_AGAIN_MS = 2_000;

export interface UntakenStep {
  readonly projection: string;
  readonly generation: number;
  readonly command: GenerationCommand["type"];
  readonly code: string;
  readonly detail: string;
}

/** Sends each step once and leaves it alone until its event comes, or some time has passed. */
export class CommandSender {
  readonly #operations: OperationsPort;
  readonly #onUntaken: (step: UntakenStep) => void;
  readonly #notBeforeMs = new Map<string, number>();

  constructor(operations: OperationsPort, onUntaken: (step: UntakenStep) => void) {
    this.#operations = operations;
    this.#onUntaken = onUntaken;
  }

  send(asked: GenerationStep): void {
    const { commandId } = generationRequest(asked);
    const now = performance.now();
    if (now < (this.#notBeforeMs.get(commandId) ?? 0)) return;
    this.#notBeforeMs.set(commandId, now + ASK_AGAIN_MS);
    this.tell(asked);
  }

  /** Sends it now, whatever was sent before. */
  tell(asked: GenerationStep): void {
    const { projection, generation, command } = asked;
    const step = { projection, generation, command: command.type };
    this.#operations.submit(generationRequest(asked)).then(
      (outcome) => this.#judge(step, outcome),
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        this.#onUntaken({ ...step, code: "UNREACHABLE", detail });
      },
    );
  }

  /** `COMMAND_ID_REUSED`: the step was taken, with other positions; its event is on the way. */
  #judge(step: Omit<UntakenStep, "code" | "detail">, outcome: OperationsOutcome): void {
    if (outcome.outcome === "refused") this.#onUntaken({ ...step, ...outcome.refusal });
    if (outcome.outcome !== "failed" || outcome.code === "COMMAND_ID_REUSED") return;
    this.#onUntaken({ ...step, code: outcome.code, detail: outcome.detail });
  }
}
