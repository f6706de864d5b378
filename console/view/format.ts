const AMOUNT_DIGITS = 8;
const PERCENT_DIGITS = 2;

/** `-1893.98783287…`: digits are cut, never rounded, and a cut is shown; the whole is a title. */
export function amountText(decimal: string, digits = AMOUNT_DIGITS): string {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
  if (whole === "") return decimal;
  const shown = fraction.slice(0, digits);
  const cut = fraction.length > digits ? "…" : "";
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign === "" ? "" : "−"}${grouped}${shown === "" ? "" : `.${shown}`}${cut}`;
}

export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** `0.1234` is 12.34 %. */
export function percentText(ratio: number): string {
  return `${(ratio * 100).toFixed(PERCENT_DIGITS)} %`;
}

/** A rate with as many digits as one reads. */
export function rateText(perSecond: number): string {
  return perSecond >= 100 ? countText(Math.round(perSecond)) : perSecond.toFixed(1);
}

export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** `2026-11-25 06:11:00.000` in UTC; the column says so. */
export function timeText(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  return date
    .toISOString()
    .replace("T", " ")
    .replace(/(\.000)?Z$/, "");
}

export function isNegative(decimal: string): boolean {
  return decimal.startsWith("-");
}

/** Names of members as words: `maxDrawdown` is "max drawdown". */
export function wordsOf(name: string): string {
  return name
    .replaceAll("_", " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase();
}

/** Any JSON value as text. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
