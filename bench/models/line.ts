/** Median and the span of the middle four fifths. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** One figure of a report. */
export interface Line {
  readonly name: string
  readonly text: string
  /** Times or sizes of ours and the peer's, and their ratio (above 1: ours is better), run by run. */
  readonly ours?: Spread
  readonly peer?: Spread
  readonly ratio?: Spread
  readonly unit: string
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { median: at(0.5), low: at(0.1), high: at(0.9) }
}

export function formatSpread({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

/** Runs two things in turns and compares them: the machine is shared, and only what ran side by side compares. */
export async function race(
  name: string,
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  unit = 'ms',
): Promise<Line> {
  const times: [number, number][] = []
  for (let round = 0; round < rounds; round++) {
    // Each goes first every other time: what one leaves in the caches is the other's start.
    if (round % 2 === 0) times.push([await ours(), await peer()])
    else {
      const other = await peer()
      times.push([await ours(), other])
    }
  }
  const ratio = spreadOf(times.map(([us, them]) => them / us))
  const [us, them] = [spreadOf(times.map(([time]) => time)), spreadOf(times.map(([, time]) => time))]
  const text = `${formatSpread(ratio, 2)} times as fast (${us.median.toFixed(1)} ${unit} against ${them.median.toFixed(1)})`
  return { name, text, ours: us, peer: them, ratio, unit }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
