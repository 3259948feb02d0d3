/** A reflected CRC whose register starts and ends with all bits turned over, as CRC32, CRC32C and CRC64NVME do. */
export interface CrcPolynomial {
  /** bits */
  readonly width: 32 | 64;
  /** Bit-reversed, without its highest term. */
  readonly polynomial: bigint;
}

/** a(x)·b(x) mod p(x); bit `width − 1` is the coefficient of x⁰. */
function multiply(a: bigint, b: bigint, { width, polynomial }: CrcPolynomial): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = 1n << BigInt(width - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

/** x^(8·bytes) mod p(x): what a CRC is multiplied with when so many zero bytes follow it. */
function shiftBy(bytes: number, crc: CrcPolynomial): bigint {
  let power = 1n << BigInt(crc.width - 9);
  let shift = 1n << BigInt(crc.width - 1);
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) shift = multiply(shift, power, crc);
    power = multiply(power, power, crc);
  }
  return shift;
}

export interface CrcPart {
  readonly crc: bigint;
  /** bytes that the CRC covers */
  readonly size: number;
}

/** The CRC of all parts' bytes in their order, without the bytes. Parts of one size share their shift. */
export function combineCrcs(parts: readonly CrcPart[], crc: CrcPolynomial): bigint {
  const shifts = new Map<number, bigint>();
  return parts.reduce((whole, part) => {
    const shift = shifts.get(part.size) ?? shiftBy(part.size, crc);
    shifts.set(part.size, shift);
    return multiply(shift, whole, crc) ^ part.crc;
  }, 0n);
}
