import type { Precision } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import { structureKey, topologicalOrder } from '../graph/structure.js'
import { execute } from './execute.js'
import { BufferSource, bufferOf, bufferSource, holdAll } from './memory.js'
import type { NativeBuffer } from './native.js'
import { leaseProgram, makeProgram } from './programs.js'
import { checkRunOptions, type RunOptions, throwIfAborted, unlessAborted } from './run-options.js'

/** A graph looked over once, to be run as often as wanted. */
export interface Prepared {
  readonly roots: readonly Node[]
  /** Its nodes without inputs that are bound at every run, in topological order. */
  readonly leaves: readonly Node[]
  /** The other leaves, which are part of the program. */
  readonly constants: readonly Node[]
  readonly precision: Precision
  /** The same for graphs that one program serves. */
  readonly key: string
}

/** Roots must be distinct and not leaves. */
export function prepare(roots: readonly Node[], precision: Precision = 'float32'): Prepared {
  const order = topologicalOrder(roots)
  const leaves = order.filter((node) => node.source && !node.isConstant)
  const constants = order.filter((node) => node.isConstant)
  return { roots, leaves, constants, precision, key: `${precision}|${structureKey(order, roots)}` }
}

/** Computes nodes. Roots must be distinct and not leaves. */
export async function run(roots: readonly Node[], options: RunOptions = {}): Promise<NativeBuffer[]> {
  checkRunOptions(options)
  throwIfAborted(options.signal)
  const prepared = prepare(roots, options.precision)
  return runPrepared(prepared, prepared.leaves, options)
}

/**
 * Finds or makes the program of a prepared graph and runs it once.
 * An abort during the making of a program rejects at once; the program is made all the same, for the next call.
 * @param data leaves whose memory is bound in the place of the graph's own
 */
export async function runPrepared(
  prepared: Prepared,
  data: readonly Node[],
  options: RunOptions,
): Promise<NativeBuffer[]> {
  const { roots, leaves, constants, precision, key } = prepared
  const { signal, threads = 0 } = options
  checkAlive(constants)
  checkAlive(data)
  // What is disposed of from here on is still there for this run. (The program, or its making, holds the constants.)
  const release = holdAll(data.flatMap(({ source }) => source ?? []))
  const lease = leaseProgram(key, () => makeProgram(roots, leaves, precision, threads))
  try {
    const program = await unlessAborted(lease.program, signal)
    const inputs = program.leaves.map((index) => bufferOf(data[index]!.source))
    // Another run may have used some up while this one waited.
    checkAlive(data.filter(({ source }) => bufferSource(source).usedUp))
    const caches = program.written.map((index) => bufferSource(data[index]!.source))
    return await executeOver(caches, () => execute(program.native, inputs, options))
  } finally {
    lease.release()
    release()
  }
}

/** Runs what writes over the memory of caches: they are used up by it, unless it fails. */
async function executeOver<T>(caches: readonly BufferSource[], call: () => Promise<T>): Promise<T> {
  const takeBacks = caches.map((cache) => cache.handOn())
  try {
    const results = await call()
    for (const cache of caches) cache.dispose()
    return results
  } catch (error) {
    for (const takeBack of takeBacks) takeBack()
    throw error
  }
}

function checkAlive(nodes: readonly Node[]): void {
  for (const { source, dtype, shape } of nodes) {
    if (!source?.disposed) continue
    const how =
      source instanceof BufferSource && source.usedUp
        ? 'was used up by update(); go on with its result'
        : 'was disposed'
    throw new SaccadeError('DISPOSED', `a ${dtype}${formatShape(shape)} that this computation needs ${how}`)
  }
}
