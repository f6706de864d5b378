/** A platform in a process of its own, with the folder of its data. */
export interface BenchPlatform {
  readonly url: string;
  readonly folder: string;
}

/** What a section measures with. */
export interface Bench {
  /** Starts the whole embedded platform; it is stopped when the section ends. */
  readonly start: (
    environment?: Readonly<Record<string, string>>,
    /** What its folder holds before. */
    prepare?: (folder: string) => Promise<void>,
  ) => Promise<BenchPlatform>;
  /** A query API in a process of its own beside a platform; gives its address. */
  readonly startQueries: (platform: BenchPlatform) => Promise<string>;
}
