const SMALLEST_NORMAL = 1.1754943508222875e-38;

/**
 * The shortest decimal that reads back to the same float32.
 * Six significant digits always survive decimal → float32 → decimal for normal numbers, so the search starts there
 * and trailing zeros are dropped; subnormals start at one digit.
 * @param value a float32 value; NaN and ±Infinity become the empty string
 * @see Steele & White, "How to Print Floating-Point Numbers Accurately" (1990), for the property
 */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value === 0) return "0";
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
