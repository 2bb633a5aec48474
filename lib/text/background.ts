import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { throwIfAborted, unlessAborted } from '../abort.js'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { getLimits, type Limits } from '../limits.js'
import { packageRoot } from '../runtime/package-root.js'
import { Turns } from '../turns.js'
import type { EncodeOptions, Encoding } from './encoding.js'
import type { TokenizerSource } from './settings.js'
import { named, textName } from './text-name.js'
import type { Tokenizer } from './tokenizer.js'

/** A text of at most so many characters is encoded where it is, in a few milliseconds. */
const shortText = 4096

/** The event loop gets a turn after so many milliseconds of short texts. */
const sliceMs = 5

/** How long a worker, and its copy of the tokenizer, is kept after its last text. */
const idleMs = 10_000

const workers = new WeakMap<Tokenizer, Background>()

/**
 * Encodes texts as {@link Tokenizer.encode} does, without a long stop of the event loop: long texts in a worker thread,
 * short ones between its turns.
 * @param first the index of the first text, for errors
 * @throws ABORTED; the errors of encode(), which name the text by its index
 */
export async function encodeAll(
  tokenizer: Tokenizer,
  texts: readonly string[],
  options: EncodeOptions,
  signal: AbortSignal | undefined,
  first = 0,
): Promise<Encoding[]> {
  const encodings: Encoding[] = []
  const turns = new Turns(sliceMs, signal)
  for (const [index, text] of texts.entries()) {
    throwIfAborted(signal)
    const { source } = tokenizer
    const isLong = typeof text === 'string' && text.length > shortText
    const which = textName(first + index, texts.length)
    encodings.push(
      isLong && source
        ? await named(which, () => backgroundOf(tokenizer, source).encode(text, options, signal))
        : await named(which, async () => tokenizer.encode(text, options)),
    )
    await turns.step()
  }
  throwIfAborted(signal)
  return encodings
}

function backgroundOf(tokenizer: Tokenizer, source: TokenizerSource): Background {
  const known = workers.get(tokenizer)
  if (known) return known
  const background = new Background(source)
  workers.set(tokenizer, background)
  return background
}

/** What the worker is asked. */
export interface Job {
  readonly text: string
  readonly options: EncodeOptions
  readonly limits: Limits
}

export interface Encoded {
  readonly ids: Int32Array
  readonly typeIds: Int32Array | undefined
}

export type Answer = Encoded | { readonly code: SaccadeErrorCode; readonly message: string }

/** The worker thread of a tokenizer. It encodes texts one after the other. */
class Background {
  readonly #source: TokenizerSource
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(source: TokenizerSource) {
    this.#source = source
  }

  async encode(text: string, options: EncodeOptions, signal: AbortSignal | undefined): Promise<Encoding> {
    const turn = this.#last.then(() => this.#run({ text, options, limits: getLimits() }, signal))
    this.#last = turn.catch(() => undefined)
    const answer = await unlessAborted(turn, signal)
    if ('code' in answer) throw new SaccadeError(answer.code, answer.message)
    return {
      inputIds: Array.from(answer.ids),
      ...(answer.typeIds && { tokenTypeIds: Array.from(answer.typeIds) }),
      attentionMask: new Array<number>(answer.ids.length).fill(1),
    }
  }

  async #run(job: Job, signal: AbortSignal | undefined): Promise<Answer> {
    throwIfAborted(signal)
    clearTimeout(this.#idle)
    const worker = this.#worker ?? this.#start()
    this.#worker = worker
    worker.ref()
    try {
      const answered = once(worker, 'message')
      worker.postMessage(job)
      const [answer] = await unlessAborted(answered, signal)
      this.#idle = setTimeout(() => this.#end(worker), idleMs).unref()
      return answer
    } catch (error) {
      // Ending the thread is the only way to stop it.
      this.#end(worker)
      throw error instanceof SaccadeError ? error : threadError(error)
    } finally {
      worker.unref()
    }
  }

  #start(): Worker {
    return new Worker(entry(), { eval: true, workerData: this.#source })
  }

  #end(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined
    void worker.terminate()
  }
}

/** The module that the worker runs: of the package itself, wherever this code was bundled. */
function entry(): string {
  const load = (path: string) => `import(${JSON.stringify(pathToFileURL(path).href)})`
  const { root } = packageRoot()
  if (!import.meta.url.endsWith('.ts')) return load(join(root, 'dist', 'text', 'worker.js'))
  // In development the sources themselves run, by a loader that threads do not inherit.
  const loader = load(fileURLToPath(import.meta.resolve('tsx/esm/api')))
  return `${loader}.then(({ register }) => { register(); return ${load(join(root, 'lib', 'text', 'worker.ts'))} })`
}

/** The error of a failure that is not a SaccadeError. */
export function threadError(cause: unknown): SaccadeError {
  const full = (cause as NodeJS.ErrnoException | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return new SaccadeError(full ? 'OUT_OF_MEMORY' : 'INTERNAL', `the thread that encodes texts: ${cause}`, {
    cause,
  })
}
