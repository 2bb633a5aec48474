import { type Compiled, compile, compileFolded } from '../compiler/compile.js'
import type { Folded } from '../compiler/fold.js'
import type { Precision } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import { type Node, type Source, structureKey, topologicalOrder } from '../graph/node.js'
import { BufferSource } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

export interface RunOptions {
  /** Stops the run within about 50 ms with code ABORTED. */
  readonly signal?: AbortSignal | undefined
  /** How many threads may work on it; default: one for each core. Results do not depend on it. */
  readonly threads?: number | undefined
  /** How weights of matrix products are stored. Default float32. */
  readonly precision?: Precision | undefined
}

/** A program with what it was made from, for graphs of the same structure. */
interface Entry {
  readonly native: NativeProgram
  /** For each input of the program, which data leaf of the graph (in topological order) it is. */
  readonly leaves: readonly number[]
  readonly release: () => void
}

/** Programs kept by the structure of their graph; the least recently used go first. */
const programLimit = 512
const programs = new Map<string, Promise<Entry>>()

/** Computes nodes: finds or makes the program for their graph and runs it once. Roots must be distinct and not leaves. */
export async function run(roots: readonly Node[], options: RunOptions = {}): Promise<NativeBuffer[]> {
  const { signal, threads = 0, precision = 'float32' } = options
  if (!Number.isInteger(threads) || threads < 0 || threads > 1024)
    throw new SaccadeError(
      'OPTION_INVALID',
      `threads must be a whole number from 0 (all cores) to 1024, got ${threads}`,
    )
  throwIfAborted(signal)
  const order = topologicalOrder(roots)
  const leaves = order.filter((node) => node.source && !node.isConstant)
  const key = `${precision}|${structureKey(order, roots)}`
  for (;;) {
    checkAlive(order)
    const made = program(key, () => makeProgram(roots, leaves, precision))
    const entry = await made
    throwIfAborted(signal)
    // While this call waited, the program may have been dropped: then make it again.
    if (programs.get(key) !== made) continue
    checkAlive(leaves)
    const inputs = entry.leaves.map((index) => bufferOf(leaves[index]!.source!))
    return runProgram(entry.native, inputs, threads, signal)
  }
}

/** How many compiled programs are kept, and a way to let them all go. */
export function programCount(): number {
  return programs.size
}

type Made = Omit<Entry, 'release'> & { readonly constants: readonly Source[] }

function program(key: string, make: () => Promise<Made>): Promise<Entry> {
  const known = programs.get(key)
  if (known) {
    programs.delete(key)
    programs.set(key, known)
    return known
  }
  const made: Promise<Entry> = make().then(({ constants, ...rest }) => {
    const forget = () => {
      if (programs.get(key) === made) programs.delete(key)
      void made.then(({ release }) => release())
    }
    const stops = constants.map((source) =>
      source instanceof BufferSource ? source.onDispose(forget) : () => {},
    )
    const release = () => {
      for (const stop of stops) stop()
      rest.native.dispose()
    }
    return { ...rest, release }
  })
  programs.set(key, made)
  made.catch(() => {
    if (programs.get(key) === made) programs.delete(key)
  })
  const [oldest] = programs.keys()
  if (programs.size > programLimit && oldest !== undefined) {
    const dropped = programs.get(oldest)!
    programs.delete(oldest)
    dropped.then(
      ({ release }) => release(),
      () => {},
    )
  }
  return made
}

async function makeProgram(roots: readonly Node[], leaves: readonly Node[], precision: Precision) {
  const { target } = getRuntime()
  const compiled = compile(roots, target, precision)
  const folded = await foldedBuffers(compiled.folded)
  const native = createProgram(compiled, folded)
  const constants = [...compiled.constants, ...compiled.folded.flatMap(({ node }) => constantLeaves(node))]
  return { native, leaves: compiled.inputs.map((leaf) => leaves.indexOf(leaf)), constants }
}

function createProgram(compiled: Compiled, folded: ReadonlyMap<string, NativeBuffer>): NativeProgram {
  const constants = compiled.constants.map((source) => folded.get(source.key) ?? bufferOf(source))
  try {
    return getRuntime().native.createProgram(compiled.code, constants)
  } catch (error) {
    throw fromNative(error)
  }
}

/** Finds folded constants in the store of the process, and computes those not there in one run. */
async function foldedBuffers(folded: readonly Folded[]): Promise<Map<string, NativeBuffer>> {
  const { native, target } = getRuntime()
  const buffers = new Map<string, NativeBuffer>()
  const missing: Folded[] = []
  for (const entry of folded) {
    const known = native.findConstant(entry.source.key)
    if (known) buffers.set(entry.source.key, known)
    else missing.push(entry)
  }
  if (missing.length > 0) {
    const program = createProgram(compileFolded(missing, target), new Map())
    const outputs = await runProgram(program, [], 0, undefined)
    program.dispose()
    missing.forEach(({ source }, index) => {
      buffers.set(source.key, native.publishConstant(source.key, outputs[index]!))
    })
  }
  return buffers
}

function constantLeaves(node: Node): Source[] {
  return topologicalOrder([node]).flatMap((leaf) => (leaf.source ? [leaf.source] : []))
}

function bufferOf(source: Source): NativeBuffer {
  if (!(source instanceof BufferSource))
    throw new SaccadeError('INTERNAL', `a leaf has no memory: ${source.key}`)
  return source.buffer
}

function checkAlive(nodes: readonly Node[]): void {
  const dead = nodes.find((node) => node.source?.disposed)
  if (dead)
    throw new SaccadeError(
      'DISPOSED',
      `a tensor of shape [${dead.shape.join(', ')}] that this computation needs was disposed`,
    )
}

async function runProgram(
  program: NativeProgram,
  inputs: readonly NativeBuffer[],
  threads: number,
  signal: AbortSignal | undefined,
): Promise<NativeBuffer[]> {
  const cancel = signal ? getRuntime().native.createCancel() : undefined
  const onAbort = () => cancel?.cancel()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await program.run(inputs, threads, cancel)
  } catch (error) {
    throw fromNative(error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Throws ABORTED if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new SaccadeError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}
