const TIME_DIGITS = 9;
const SEQUENCE_DIGITS = 4;
const LAST_SEQUENCE = 36 ** SEQUENCE_DIGITS - 1;

/**
 * Makes ids that are unique for ever and sort by arrival: milliseconds, a sequence within one, and a random part, in
 * lower-case base 36. A clock that is set back makes later ids of the last millisecond seen, not earlier ones.
 *
 * @param last the greatest id given out before, or null
 * @param random an integer from 0 to below `limit`
 */
export function jobIds(last: string | null, random: (limit: number) => number): (now: number) => string {
  let time = last === null ? 0 : Number.parseInt(last.slice(0, TIME_DIGITS), 36);
  let sequence =
    last === null ? 0 : Number.parseInt(last.slice(TIME_DIGITS, TIME_DIGITS + SEQUENCE_DIGITS), 36);
  return (now) => {
    if (now > time) {
      time = now;
      sequence = 0;
    } else if (sequence < LAST_SEQUENCE) {
      sequence += 1;
    } else {
      time += 1;
      sequence = 0;
    }
    return digits(time, TIME_DIGITS) + digits(sequence, SEQUENCE_DIGITS) + digits(random(36 ** 5), 5);
  };
}

function digits(value: number, width: number): string {
  return value.toString(36).padStart(width, "0");
}
