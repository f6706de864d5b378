/** Short pieces of work that wait until nothing else is under way. */
export class Visits {
  #waiting: (() => void)[] = [];

  /** Does it now, or when `run` is called next. */
  add<T>(now: boolean, visit: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(visit());
        } catch (error) {
          reject(error as Error);
        }
      };
      if (now) run();
      else this.#waiting.push(run);
    });
  }

  run(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}
