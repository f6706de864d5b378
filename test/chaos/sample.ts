/**
 * `CHAOS_SECONDS=100` asks for a sample: of one suite alone, with fewer servers, in which no fault
 * begins after so many seconds of load; starting and checking take their time besides. `null`: all
 * of it.
 */
export const SAMPLE_SECONDS = secondsOf(process.env["CHAOS_SECONDS"]);

function secondsOf(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new Error(`CHAOS_SECONDS=${text} is no number of seconds`);
}
