const SMALLEST_NORMAL = 1.1754943508222875e-38;
/** Nine significant digits tell any two float32 values apart. */
const ALWAYS_ENOUGH = 9;
/** 10^0 … 10^22: those that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * The shortest decimal that reads back to the same float32, the closest of equally short ones.
 * @param value a float32 value; NaN and ±Infinity become the empty string
 * @see Steele & White, "How to Print Floating-Point Numbers Accurately" (1990); numpy's texts are the golden ones
 */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value === 0) return "0";
  return inDoubles(value) ?? bySearch(value);
}

/**
 * The same for most probabilities, ten times as fast: with at most nine digits and a power of ten that is exact, one
 * multiplication finds the nearest decimal and one division reads it back.
 * @returns null where rounding errors could matter, or the gaps beside the value are unequal
 */
function inDoubles(value: number): string | null {
  if (!(value >= 1e-13 && value < 1) || Number.isInteger(Math.log2(value))) return null;
  const exponent = Math.floor(Math.log10(value));
  for (let digits = 5; digits <= ALWAYS_ENOUGH; digits++) {
    const power = POWERS[digits - 1 - exponent] ?? Number.NaN;
    const scaled = value * power;
    if (!(Math.abs(scaled - Math.floor(scaled) - 0.5) > 1e-5)) return null;
    const decimal = Math.round(scaled) / power;
    if (Math.fround(decimal) === value) return String(decimal);
  }
  return null;
}

/** Six digits always survive decimal → float32 → decimal for normal numbers; subnormals may need one only. */
function bySearch(value: number): string {
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < ALWAYS_ENOUGH; digits++) {
    const nearest = Number(value.toPrecision(digits));
    if (Math.fround(nearest) === value)
      return String(isTie(value, digits) ? evenOfTie(value, digits) : nearest);
    // Below a power of two the gap is half as wide: the nearest decimal may miss, and one farther above may hit.
    const above = nextDecimal(value, digits);
    if (Math.abs(nearest) < Math.abs(value) && Math.fround(above) === value) return String(above);
  }
  return String(Number(value.toPrecision(ALWAYS_ENOUGH)));
}

/** The decimal of `digits` digits that follows the nearest one, away from zero. */
function nextDecimal(value: number, digits: number): number {
  const [mantissa = "", exponent = ""] = value.toExponential(digits - 1).split("e");
  const next = Math.abs(Number(mantissa.replace(".", ""))) + 1;
  return Math.sign(value) * Number(`${next}e${Number(exponent) - digits + 1}`);
}

/** True when the value lies exactly between two decimals of `digits` digits. */
function isTie(value: number, digits: number): boolean {
  const longer = value.toExponential(digits);
  return /5e/.test(longer) && Number(longer) === value;
}

/** Of the two decimals around a tie the one with an even last digit, as numpy has it; JavaScript takes the larger. */
function evenOfTie(value: number, digits: number): number {
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  const below = Math.floor(Math.abs(Number(mantissa.replace(".", ""))) / 10);
  return Math.sign(value) * Number(`${below + (below % 2)}e${Number(exponent) - digits + 1}`);
}
