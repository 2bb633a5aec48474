import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import { structureKey, topologicalOrder } from '../graph/structure.js'
import { execute } from './execute.js'
import { BufferSource, bufferOf, bufferSource, carriedSession, holdAll } from './memory.js'
import { leaseProgram, makeProgram } from './programs.js'
import { type RunOptions, throwIfAborted, unlessAborted } from './run-options.js'
import { defaultSession, type Session, sessionFor } from './session.js'

/** A graph looked over once, to be run as often as wanted. */
export interface Prepared {
  readonly roots: readonly Node[]
  /** Its nodes without inputs that are bound at every run, in topological order. */
  readonly leaves: readonly Node[]
  /** The other leaves, which are part of the program. */
  readonly constants: readonly Node[]
  /** The session of a run, which its results carry; undefined: neither call nor data asks for one. */
  readonly session: Session | undefined
  /**
   * The same for graphs that one program serves: of one structure, for one device and dtype. Not so for the number of
   * threads, which a run is given: a program has none, and gives the same bits on any.
   */
  readonly key: string
}

/**
 * Roots must be distinct and not leaves.
 * @param asked what the call asks of the session; the rest is as the data carries it
 * @throws OPTION_INVALID, DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export function prepare(roots: readonly Node[], asked: RunOptions): Prepared {
  const order = topologicalOrder(roots)
  const leaves = order.filter((node) => node.source && !node.isConstant)
  const constants = order.filter((node) => node.isConstant)
  const session = sessionFor(asked, carriedSession(leaves))
  const { device, dtype } = session ?? defaultSession
  return { roots, leaves, constants, session, key: `${device}|${dtype}|${structureKey(order, roots)}` }
}

/** Computes nodes. Roots must be distinct and not leaves. */
export async function run(roots: readonly Node[], options: RunOptions): Promise<BufferSource[]> {
  throwIfAborted(options.signal)
  const prepared = prepare(roots, options)
  return runPrepared(prepared, prepared.leaves, options.signal)
}

/**
 * Finds or makes the program of a prepared graph and runs it once.
 * An abort during the making of a program rejects at once; the program is made all the same, for the next call.
 * @param data leaves whose memory is bound in the place of the graph's own
 */
export async function runPrepared(
  { roots, leaves, constants, session, key }: Prepared,
  data: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<BufferSource[]> {
  const used = session ?? defaultSession
  checkAlive(constants)
  checkAlive(data)
  // What is disposed of from here on is still there for this run. (The program, or its making, holds the constants.)
  const release = holdAll(data.flatMap(({ source }) => source ?? []))
  const lease = leaseProgram(key, () => makeProgram(roots, leaves, used))
  try {
    const program = await unlessAborted(lease.program, signal)
    const inputs = program.leaves.map((index) => bufferOf(data[index]!.source))
    // Another run may have used some up while this one waited.
    checkAlive(data.filter(({ source }) => bufferSource(source).usedUp))
    const caches = program.written.map((index) => bufferSource(data[index]!.source))
    const results = await executeOver(caches, () => execute(program.native, inputs, used.threads, signal))
    return results.map((buffer) => new BufferSource(buffer, undefined, session))
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
