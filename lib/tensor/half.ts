/** The value of a float16 (IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits). */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 0x400) * 2 ** (exponent - 15)
}

const word = new DataView(new ArrayBuffer(4))

/** The value of a bfloat16: its bits are the upper half of a float32. */
export function bfloat16Value(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}
