import { setTimeout } from 'node:timers/promises'
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
  /** How many times each was measured. */
  readonly rounds: number
}

/** A line ends after this many milliseconds, but not before it has seen the fewest rounds. */
const budget = 12_000
const fewestRounds = 3

/**
 * Threads of a pool go on looking for work when a run is over, and take the cores of whoever comes next: those of
 * onnxruntime about 40 ms on an idle machine and twice that on a busy one, ours less than 0.1 ms. Nobody's turn begins
 * before this process has been idle for a while: it used less than `idle` of a window, both in milliseconds.
 */
const window = 40
const idle = 2

/** What is measured in a turn takes at least this many milliseconds, or a single short run would drown in noise. */
const minMeasured = 30
/** A run of this many milliseconds is its own warm-up. */
const longRun = 1000

export function formatSpread({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

/**
 * Measures two things in turns and compares them: the machine is shared, and only what ran side by side compares.
 * @param ours, peer what measures once; see {@link steady}
 * @param rounds at most so many; fewer where a round takes long
 */
export async function race(
  name: string,
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  unit = 'ms',
): Promise<Line> {
  const times: [number, number][] = []
  const started = performance.now()
  while (times.length < rounds && (times.length < fewestRounds || performance.now() - started < budget)) {
    // Each goes first every other time: what one leaves in the caches is the other's start.
    if (times.length % 2 === 0) times.push([await ours(), await peer()])
    else {
      const other = await peer()
      times.push([await ours(), other])
    }
  }
  const ratio = spreadOf(times.map(([us, them]) => them / us))
  const [us, them] = [spreadOf(times.map(([time]) => time)), spreadOf(times.map(([, time]) => time))]
  const text = `${formatSpread(ratio, 2)} times as fast (${us.median.toFixed(1)} ${unit} against ${them.median.toFixed(1)})`
  return { name, text, ours: us, peer: them, ratio, unit, rounds: times.length }
}

/**
 * Measures runs as they are when they follow one another: a rest, until nobody else's threads are in the way; a run
 * that is not measured, for caches, clock and sleeping threads; then the mean of one or more. Milliseconds.
 */
export function steady(work: () => Promise<unknown>, min = minMeasured): () => Promise<number> {
  let expected = 0
  return async () => {
    await rest()
    if (expected < longRun) expected = await timed(work)
    const runs = Math.max(1, Math.ceil(min / expected))
    const total = await timed(async () => {
      for (let run = 0; run < runs; run++) await work()
    })
    expected = total / runs
    return expected
  }
}

async function rest(): Promise<void> {
  for (;;) {
    const before = process.cpuUsage()
    await setTimeout(window)
    const { user, system } = process.cpuUsage(before)
    if ((user + system) / 1000 < idle) return
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
