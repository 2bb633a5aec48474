import { setTimeout } from 'node:timers/promises'
import { type Spread, spreadOf } from '../report.js'

/** One result of a report. */
export interface Line {
  readonly name: string
  readonly text: string
  /** Times or sizes of ours and the peer's, and their ratio (above 1: ours is better), run by run. */
  readonly ours?: Spread
  readonly peer?: Spread
  readonly ratio?: Spread
  readonly unit: string
  /** Number of rounds. */
  readonly rounds: number
}

/** A measurement ends after this many milliseconds, but not before the minimum number of rounds. */
const budget = 12_000
const minRounds = 3

/**
 * Threads of a pool spin for some time after a run and would slow the next contender: those of onnxruntime for about 40 ms
 * on an idle machine and twice that on a busy one, ours for less than 0.1 ms. So a turn starts only when this process is
 * idle: when it used less than `idle` of a window, both in milliseconds.
 */
const window = 40
const idle = 2

/** Minimum measured time of a turn in milliseconds: the time of a single short run has too much noise. */
const minMeasured = 30
/** A run of at min this many milliseconds needs no warm-up run. */
const longRun = 1000

export function formatSpread({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

/**
 * Measures two contenders in turns and compares them: on a shared machine only times of the same moment are comparable.
 * @param ours, peer measure once; see {@link steady}
 * @param rounds maximum number of rounds; fewer if a round takes long
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
  while (times.length < rounds && (times.length < minRounds || performance.now() - started < budget)) {
    // The order alternates, because each contender affects the caches of the next.
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
 * Measures the time of consecutive runs, in milliseconds: waits until the process is idle, makes a warm-up run for caches,
 * clock and sleeping threads, and returns the mean of one or more further runs.
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
