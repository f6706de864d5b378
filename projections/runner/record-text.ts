/** As much of a reason as a record holds. */
const MOST_CHARACTERS = 500;

/** One line that a record can hold, of whatever went wrong. */
export function recordText(detail: string): string {
  const line = detail
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MOST_CHARACTERS)
    .toWellFormed();
  return line === "" ? "no reason is known" : line;
}
