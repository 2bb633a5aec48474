import { Presets, SingleBar } from 'cli-progress'
import type { ProgressInfo } from '../files/hub.js'
import { escapeText } from './escape.js'

const delay = 1000

/** The bar that is on the terminal now. */
let shown: SingleBar | undefined

/** Erases the bar before something else is written to standard error; the bar comes back with its next step. */
export function eraseBar(): void {
  if (shown) process.stderr.write('\r\x1b[K')
}

/** Removes the bar for good: its timer would keep the process after an error. */
export function endBar(): void {
  hideBar(shown)
}

/**
 * A bar on standard error, after a second of work. It is not shown where results are printed to a terminal, which show the
 * progress themselves.
 */
export class Progress {
  readonly #total: number
  readonly #started = performance.now()
  #bar: SingleBar | undefined
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  advance(by: number): void {
    this.#done += by
    if (!process.stderr.isTTY || process.stdout.isTTY || performance.now() - this.#started < delay) return
    this.#bar ??= showBar('{bar} {value}/{total}, {eta_formatted} left', this.#total, {})
    this.#bar.update(this.#done)
  }

  stop(): void {
    hideBar(this.#bar)
  }
}

/** Shows the downloads of a model, one bar a file; results come after it. */
export class DownloadProgress {
  readonly #started = performance.now()
  #bar: SingleBar | undefined

  tell(info: ProgressInfo): void {
    if (info.status === 'done') this.stop()
    // A small file would be 0 of 0 MB.
    if (info.status !== 'progress' || info.total < 1e5) return
    if (!process.stderr.isTTY || performance.now() - this.#started < delay) return
    const file = escapeText(info.file)
    const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10
    this.#bar ??= showBar('{file} {bar} {value} of {total} MB', megabytes(info.total), { file })
    this.#bar.update(megabytes(info.loaded))
  }

  stop(): void {
    hideBar(this.#bar)
    this.#bar = undefined
  }
}

function showBar(format: string, total: number, values: object): SingleBar {
  const bar = new SingleBar(
    // Without listening for Ctrl-C: the command does that.
    { format, clearOnComplete: true, stream: process.stderr, gracefulExit: false },
    Presets.shades_classic,
  )
  bar.start(total, 0, values)
  shown = bar
  return bar
}

function hideBar(bar: SingleBar | undefined): void {
  bar?.stop()
  if (bar && shown === bar) shown = undefined
}
