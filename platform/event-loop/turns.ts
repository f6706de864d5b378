/** How long one piece of work holds the event loop; everybody else waits meanwhile. */
const PIECE_MILLISECONDS = 4;

const waiting: (() => void)[] = [];

/**
 * A turn of the event loop that is given to nobody else who wants one; first come, first served.
 * Who has much to compute takes the next when this one is over: then no turn holds more than one
 * piece of work, however much there is to do, and whoever connects or asks for little is answered
 * in between. (New connections are taken one in each turn of the event loop.)
 */
export class Turn {
  #untilMs = performance.now() + PIECE_MILLISECONDS;

  static async take(): Promise<Turn> {
    await turn();
    return new Turn();
  }

  private constructor() {}

  get isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  async next(): Promise<void> {
    await turn();
    this.#untilMs = performance.now() + PIECE_MILLISECONDS;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveTurn);
}
