// Functions that JavaScript lacks, in float64.

/** erfc(x) for x >= 0, relative error about 1e-14: the continued fraction, evaluated from far inside. */
function erfcTail(x: number): number {
  let fraction = 0
  for (let n = 120; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

/** The error function: a series of positive terms where that is short, else 1 less the tail. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x
  if (Math.abs(x) > 2.5) return Math.sign(x) * (1 - erfcTail(Math.abs(x)))
  let term = x
  let sum = x
  for (let n = 1; n < 80; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** 1 - erf(x), without cancellation for large x. */
export function erfc(x: number): number {
  return x > 2.5 ? erfcTail(x) : 1 - erf(x)
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

export function softplus(x: number): number {
  return Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)))
}

export function gelu(x: number): number {
  return 0.5 * x * erfc(-x / Math.SQRT2)
}

export function geluTanh(x: number): number {
  return x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))
}

/** Halves go to the even neighbour. */
export function roundEven(x: number): number {
  const floor = Math.floor(x)
  if (x - floor !== 0.5) return Math.round(x)
  const even = floor % 2 === 0 ? floor : floor + 1
  return even === 0 && x < 0 ? -0 : even
}
