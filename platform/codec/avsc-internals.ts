/** What our own types use of avsc beyond its published declarations; avsc's version is pinned. */

/** avsc's place in a buffer. Reading or writing beyond the end only makes the tap invalid. */
export interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
  readString(): string;
}

/** A type, or a resolver in its place. */
export interface Readable {
  _read(tap: Tap): unknown;
}
