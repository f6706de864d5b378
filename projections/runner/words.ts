import { FOLDED_PAIRS, MARK_RANGES, WORD_RANGES } from "./word-characters.ts";

/**
 * The words of a text, as SQLite's index of words has them (`sqlite/text-index.ts`): letters and
 * digits between other signs, without case and diacritics. For stores that have no such index.
 *
 *   Zoë's BTC-USDT   →   zoe s btc usdt
 */
export function wordsOf(text: string): string[] {
  return (text.match(WORD) ?? []).map(folded);
}

/**
 * What a search asks for: each phrase is words side by side, of which the last need only begin so.
 * Parts of the text are kept apart by white space; one of signs alone asks for nothing.
 *
 *   alpha binance:btc   →   [alpha] [binance btc]
 */
export function phrasesOf(text: string): string[][] {
  const parts = text.split(/[\s\0]+/);
  return parts.map(wordsOf).filter((words) => words.length > 0);
}

const WORD_CHARACTERS = classOf(WORD_RANGES);
const WORD = new RegExp(`[${WORD_CHARACTERS}][${WORD_CHARACTERS}${classOf(MARK_RANGES)}]*`, "gu");
const MARK = new RegExp(`[${classOf(MARK_RANGES)}]`, "gu");
/** All that is folded beyond ASCII; most words hold none of it. */
const BEYOND_ASCII = /[^\0-\x7f]/gu;
const ONE_CHARACTER = /\S/gu;

const FOLDED: ReadonlyMap<string, string> = foldedCharacters();

function folded(word: string): string {
  const unmarked = word.replace(MARK, "");
  return unmarked.replace(/[A-Z]/g, lowerCased).replace(BEYOND_ASCII, foldedCharacter);
}

function lowerCased(letter: string): string {
  return letter.toLowerCase();
}

function foldedCharacter(character: string): string {
  return FOLDED.get(character) ?? character;
}

function foldedCharacters(): Map<string, string> {
  const characters = FOLDED_PAIRS.match(ONE_CHARACTER) ?? [];
  const pairs = new Map<string, string>();
  for (let i = 0; i + 1 < characters.length; i += 2) {
    pairs.set(characters[i] as string, characters[i + 1] as string);
  }
  return pairs;
}

/** `41-5a aa` becomes `\u{41}-\u{5a}\u{aa}`, for the inside of a regular expression's brackets. */
function classOf(ranges: string): string {
  return ranges
    .trim()
    .replaceAll(/[0-9a-f]+/g, "\\u{$&}")
    .replaceAll(/\s+/g, "");
}
