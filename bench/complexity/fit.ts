/** Exponents of a power law, fitted to times. */

/** b of time = a * size^b: the slope of the least-squares line through the logarithms. */
export function exponentOf(sizes: readonly number[], times: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = sizes.map(Math.log)
  const y = times.map(Math.log)
  const [meanX, meanY] = [mean(x), mean(y)]
  const covariance = mean(x.map((value, index) => (value - meanX) * (y[index]! - meanY)))
  return covariance / mean(x.map((value) => (value - meanX) ** 2))
}
