/** What the live demo tells each second. */
export interface LiveStatus {
  readonly atMs: number;
  /** Live ticks so far. */
  readonly ticks: number;
  /** The last price by symbol. */
  readonly prices: ReadonlyMap<string, string>;
}

/** As many prices as fit on one line: a line that wraps could not be written over. */
export function statusLine({ atMs, ticks, prices }: LiveStatus, columns: number): string {
  const time = new Date(atMs).toISOString().slice(11, 19);
  let line = `${time}  ${ticks} live ticks`;
  for (const [symbol, price] of prices) {
    const longer = `${line}  ${symbol} ${price}`;
    if (longer.length >= columns) break;
    line = longer;
  }
  return line.slice(0, columns - 1);
}
