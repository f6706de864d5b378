/** How long a full disk is left alone before the next append tries it again. */
const PAUSE_MILLISECONDS = 1_000;

/** A full disk is not tried again at once. */
export class DiskPause {
  readonly #clock: () => number;
  #untilMs = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  begin(): void {
    this.#untilMs = this.#clock() + PAUSE_MILLISECONDS;
  }

  /** A clock set back must not make it longer. */
  get lasts(): boolean {
    const leftMs = this.#untilMs - this.#clock();
    return leftMs > 0 && leftMs <= PAUSE_MILLISECONDS;
  }
}
