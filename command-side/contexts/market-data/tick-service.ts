import { Turn } from "../../../platform/event-loop/turns.ts";
import type { CommandOutcome, CommandRequest } from "../../gateway.ts";
import type { InstrumentDirectory } from "./instrument-directory.ts";
import { type TickFeed, TickSession, type TicksOutcome } from "./tick-session.ts";

/** A command with its address; who asks and why is added by whoever hands it to the gateway. */
export type AddressedCommand = Pick<
  CommandRequest,
  "aggregate" | "aggregateId" | "command" | "commandId"
>;

export interface TickServiceParts {
  readonly directory: Pick<InstrumentDirectory, "resolve">;
  /** Commands of one partition are decided in the order in which they are submitted. */
  readonly submit: (command: AddressedCommand) => Promise<CommandOutcome>;
}

/**
 * Ticks of many instruments, as feeds and files send them, become commands of their instruments.
 * Every tick is told in one of the counts; the first command that fails (not: is refused) ends
 * the request with its error, and the ticks can be sent again: those that are there are found.
 */
export class TickService {
  readonly #parts: TickServiceParts;

  constructor(parts: TickServiceParts) {
    this.#parts = parts;
  }

  /** All ticks of one request, stream or file; the next is asked for when there is room for it. */
  async record(
    ticks: AsyncIterable<unknown> | Iterable<unknown>,
    feed: TickFeed,
  ): Promise<TicksOutcome> {
    const session = new TickSession(this.#parts, feed);
    try {
      const turn = await Turn.take();
      for await (const tick of ticks) {
        session.add(tick);
        if (turn.isOver) await turn.next();
        if (session.isFull) await session.room();
      }
      session.flush();
    } finally {
      await session.settle();
    }
    return session.outcome();
  }
}
