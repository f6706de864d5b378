import { destination, type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;

/** Whatever bears one of these names is not written, one level down at most. */
const SECRET_NAMES = ["authorization", "cookie", "password", "secret", "cursorSecret", "token"];
const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Where log lines go; a test hands in its own. */
export interface LogSink {
  write(line: string): void;
}

/** JSON lines on stderr (stdout is for data), with ISO times and secrets left out. */
export function createLogger(level: LogLevel, sink: LogSink = stderrSink()): Logger {
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: "(hidden)" },
    },
    sink,
  );
}

/** Synchronous, so that the last words before an exit are written. */
function stderrSink(): LogSink {
  return destination({ dest: STDERR, sync: true });
}
