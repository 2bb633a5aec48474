import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, cpus } from 'node:os'
import { load, Tensor } from '../../lib/index.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import { spreadOf } from '../report.js'
import { formatSpread, type Line, steady } from './line.js'
import { openSession, ort } from './peer.js'

/** Length of a turn in milliseconds: several runs, because the scheduling of the cores differs between runs. */
const leastMeasured = 300
/** A spinning process ends by itself after this many milliseconds, if its parent is gone. */
const mostSpinning = 60_000
const spinner = `require('fs').writeSync(1, '.'); const end = Date.now() + ${mostSpinning}; while (Date.now() < end);`

/** Slowdown of a model on all threads while every core is also busy with another process. */
export async function benchBusy(models: string, name: string, rounds: number): Promise<Line[]> {
  const threads = availableParallelism()
  const shape = [1, 3, 224, 224]
  const pixels = Float32Array.from({ length: 3 * 224 * 224 }, (_, index) => Math.sin(index * 0.37))
  const session = await openSession(`${models}${name}/${name}.onnx`, threads)
  const feeds = { pixel_values: new ort.Tensor('float32', pixels, shape) }
  using model = (await load(`${models}${name}`, { threads })) as Vit
  const contestants = () => ({
    ours: steady(async () => {
      const { logits } = await model.run({ pixelValues: Tensor.from(pixels, shape) })
      return logits!.data()
    }, leastMeasured),
    peer: steady(() => session.run(feeds), leastMeasured),
  })
  const [whenQuiet, whenBusy] = [contestants(), contestants()]
  const inTurn = async ({ ours, peer }: ReturnType<typeof contestants>, round: number): Promise<Turn> => {
    if (round % 2 === 0) return { ours: await ours(), peer: await peer() }
    const other = await peer()
    return { ours: await ours(), peer: other }
  }
  const quiet: Turn[] = []
  const busy: Turn[] = []
  const others: number[] = []
  for (let round = 0; round < rounds; round++) {
    const usedByOthers = watchOthers()
    quiet.push(await inTurn(whenQuiet, round))
    others.push(usedByOthers())
    const spinners = await startSpinners(threads)
    try {
      busy.push(await inTurn(whenBusy, round))
    } finally {
      await endAll(spinners)
    }
  }
  await session.release()
  const figures = (who: keyof Turn) => {
    const slowdown = spreadOf(busy.map((turn, round) => turn[who] / quiet[round]![who]))
    const middle = (turns: readonly Turn[]) => spreadOf(turns.map((turn) => turn[who])).median.toFixed(0)
    return {
      slowdown,
      words: `${formatSpread(slowdown, 2)} times as slow (${middle(quiet)} ms, then ${middle(busy)})`,
    }
  }
  const [ours, peer] = [figures('ours'), figures('peer')]
  const ratio = spreadOf(busy.map((turn) => turn.peer / turn.ours))
  return [
    {
      name: `${name} batch 1, ${threads} threads, fp32: slowdown while every core is also busy with another process`,
      text: `${ours.words}, onnxruntime-node ${peer.words}; then ${formatSpread(ratio, 2)} times as fast as it. When quiet, other processes used ${formatSpread(spreadOf(others), 1)} cores`,
      ours: ours.slowdown,
      peer: peer.slowdown,
      ratio,
      unit: 'times',
      rounds,
    },
  ]
}

/** Milliseconds of a run. */
interface Turn {
  readonly ours: number
  readonly peer: number
}

/** Starts to measure how many cores other processes use: almost none on a quiet machine. */
function watchOthers(): () => number {
  const milliseconds = () => {
    const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0)
    const { user, system } = process.cpuUsage()
    return all - (user + system) / 1000
  }
  const [started, before] = [performance.now(), milliseconds()]
  return () => Math.max(0, (milliseconds() - before) / (performance.now() - started))
}

/** Starts this many single-threaded processes and waits until each is spinning. */
async function startSpinners(count: number): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', spinner], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  await Promise.all(children.map((child) => once(child.stdout!, 'data')))
  return children
}

async function endAll(children: readonly ChildProcess[]): Promise<void> {
  const ends = children.map((child) => once(child, 'exit'))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ends)
}
