import { type Spread, spreadOf } from '../report.js'

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
