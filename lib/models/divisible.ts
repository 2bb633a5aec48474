/**
 * make_divisible of timm and TensorFlow: rounds a width to a multiple of `divisor`, at least the divisor.
 * @param least the result is a divisor more if it is below this part of the width
 */
export function divisible(width: number, divisor: number, least = 0.9): number {
  const rounded = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor)
  return rounded < least * width ? rounded + divisor : rounded
}
