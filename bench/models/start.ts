import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { spreadOf } from '../report.js'
import { formatSpread, type Line, race } from './line.js'

const script = fileURLToPath(new URL('./start-child.mjs', import.meta.url))
const execute = promisify(execFile)

interface Child {
  /** Milliseconds from the start of the process to the first answer. */
  readonly first: number
  /** Peak resident memory, and the weights' size, in bytes. */
  readonly peak: number
  readonly weights: number
  /** Longest pause of the event loop during three further runs, and the mean time of these runs, in milliseconds. */
  readonly gap: number
  readonly run: number
}

/** Measures the time from process start to the first result, peak memory, and the longest pause of the event loop. */
export async function benchStart(models: string, name: string, rounds: number): Promise<Line[]> {
  const reports: Record<string, Child[]> = { ours: [], peer: [] }
  const child = async (who: string): Promise<number> => {
    const started = Date.now()
    const { stdout } = await execute(process.execPath, [
      script,
      who,
      `${models}${name}`,
      name,
      String(started),
    ])
    const report = JSON.parse(stdout) as Child
    reports[who]!.push(report)
    return report.first
  }
  const start = await race(
    `${name}: process start to first answer, against onnxruntime-node`,
    rounds,
    () => child('ours'),
    () => child('peer'),
  )
  const figure = (who: string, of: (report: Child) => number, digits: number) =>
    formatSpread(spreadOf(reports[who]!.map(of)), digits)
  const over = (report: Child) => (report.peak / report.weights - 1) * 100
  return [
    start,
    {
      name: `${name}: peak memory over the weights`,
      text: `+${figure('ours', over, 0)}% against +${figure('peer', over, 0)}%`,
      unit: '%',
      rounds: start.rounds,
      ours: spreadOf(reports.ours!.map(over)),
      peer: spreadOf(reports.peer!.map(over)),
    },
    {
      name: `${name}: longest gap of the event loop`,
      text: `${figure('ours', ({ gap }) => gap, 1)} ms in runs of ${figure('ours', ({ run }) => run, 0)} ms, against ${figure('peer', ({ gap }) => gap, 1)} ms in runs of ${figure('peer', ({ run }) => run, 0)} ms`,
      unit: 'ms',
      rounds: start.rounds,
      ours: spreadOf(reports.ours!.map(({ gap }) => gap)),
      peer: spreadOf(reports.peer!.map(({ gap }) => gap)),
    },
  ]
}
