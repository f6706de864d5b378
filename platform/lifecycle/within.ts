/** What comes of the work, or the error that `late` makes when that takes longer than `limitMs`. */
export async function within<T>(limitMs: number, late: () => Error, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
