/** An expected failure of the stack, with what was tried and what to do about it. */
export class StackError extends Error {
  override readonly name = "StackError";
  readonly tried: string;
  readonly todo: string;

  constructor(message: string, tried: string, todo: string) {
    super(message);
    this.tried = tried;
    this.todo = todo;
  }
}
