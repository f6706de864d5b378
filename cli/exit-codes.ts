/** How the process ends; documented in `--help` and in the reference pages. */
export const exitCodes = {
  ok: 0,
  /** A defect of the program itself. */
  internal: 1,
  usage: 2,
  config: 3,
  notFound: 4,
  conflict: 5,
  refused: 6,
  unavailable: 7,
  stalled: 8,
  /** Some of the work was done, some could not be. */
  partial: 9,
  interrupted: 130,
} as const;

/** The paragraph under every `--help`. */
export const EXIT_CODES_HELP = `Exit codes: 0 ok, 2 usage, 3 config, 4 not found, 5 conflict, \
6 refused, 7 unavailable,
8 stalled, 9 partial, 130 interrupted.`;
