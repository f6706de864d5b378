/** A log that cannot be carried as it was asked for, and what is to be done instead. */
export class MoveRefused extends Error {
  override readonly name = "MoveRefused";
  readonly todo: string;

  constructor(message: string, todo: string) {
    super(message);
    this.todo = todo;
  }
}
