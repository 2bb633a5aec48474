import { SaccadeError } from '../errors.js'
import { type Node, structureKey, topologicalOrder } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import { execute } from './execute.js'
import { BufferSource, bufferOf, bufferSource, holdAll } from './memory.js'
import type { NativeBuffer } from './native.js'
import { leaseProgram, makeProgram } from './programs.js'
import { checkRunOptions, type RunOptions, throwIfAborted, unlessAborted } from './run-options.js'

/**
 * Computes nodes: finds or makes the program for their graph and runs it once. Roots must be distinct and not leaves.
 * An abort during the making of a program rejects at once; the program is made all the same, for the next call.
 */
export async function run(roots: readonly Node[], options: RunOptions = {}): Promise<NativeBuffer[]> {
  checkRunOptions(options)
  const { signal, threads = 0, precision = 'float32' } = options
  throwIfAborted(signal)
  const order = topologicalOrder(roots)
  checkAlive(order)
  const leaves = order.filter((node) => node.source && !node.isConstant)
  const key = `${precision}|${structureKey(order, roots)}`
  // What is disposed of from here on is still there for this run.
  const release = holdAll(order.flatMap(({ source }) => source ?? []))
  const lease = leaseProgram(key, () => makeProgram(roots, leaves, precision, threads))
  try {
    const program = await unlessAborted(lease.program, signal)
    const inputs = program.leaves.map((index) => bufferOf(leaves[index]!.source))
    // Another run may have used some up while this one waited.
    checkAlive(leaves.filter(({ source }) => bufferSource(source).usedUp))
    const caches = program.written.map((index) => bufferSource(leaves[index]!.source))
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
