import { throwIfAborted, unlessAborted } from '../abort.js'
import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import { structureKey, topologicalOrder } from '../graph/structure.js'
import { execute } from './execute.js'
import { BufferSource, bufferOf, bufferSource, carriedSession, holdAll } from './memory.js'
import { placeInputs } from './placement.js'
import { leaseProgram, makeProgram } from './programs.js'
import type { RunOptions } from './run-options.js'
import { defaultSession, type Session, sessionFor } from './session.js'

/** An analysed graph, which can run any number of times. */
export interface Prepared {
  readonly roots: readonly Node[]
  /** Leaves that are bound at every run, in topological order. */
  readonly leaves: readonly Node[]
  /** The other leaves, which are part of the program. */
  readonly constants: readonly Node[]
  /** The session of a run, which its results carry; undefined if neither the call nor the data has one. */
  readonly session: Session | undefined
  /**
   * Key of the program: structure of the graph, device and dtype. Without threads, because a program runs on any number
   * of threads with the same bits.
   */
  readonly key: string
}

/**
 * Analyses a graph. Roots must be distinct and not leaves.
 * @param options of the call; their defaults are those of the session that the data carries
 * @throws OPTION_INVALID, DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export function prepare(roots: readonly Node[], options: RunOptions): Prepared {
  const order = topologicalOrder(roots)
  const leaves = order.filter((node) => node.source && !node.isConstant)
  const constants = order.filter((node) => node.isConstant)
  const session = sessionFor(options, carriedSession(leaves))
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
 * Finds or makes the program of a prepared graph and runs it once. An abort while the program is made rejects at once, but
 * the program is finished for the next call.
 * @param data leaves whose memory is bound, in the order of `leaves`
 */
export async function runPrepared(
  prepared: Prepared,
  data: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<BufferSource[]> {
  const { constants, session, key } = prepared
  const used = session ?? defaultSession
  checkAlive(constants)
  checkAlive(data)
  // A dispose() during the run must not free its inputs. The program, or makeProgram(), holds the constants.
  const release = holdAll(data.flatMap(({ source }) => source ?? []))
  const lease = leaseProgram(key, () => makeProgram(prepared, used))
  try {
    const program = await unlessAborted(lease.program, signal)
    const inputs = program.leaves.map((index) => bufferOf(data[index]!.source))
    const caches = program.written.map((index) => bufferSource(data[index]!.source))
    const { placed, end } = await placeInputs(inputs, used.device)
    try {
      while (caches.some(({ beingRead }) => beingRead))
        await Promise.all(caches.map((cache) => cache.readsEnd()))
      // Another run may have consumed inputs while this one waited. Nothing waits from here to the call.
      checkAlive(data.filter(({ source }) => bufferSource(source).consumed))
      const results = await executeInPlace(caches, () =>
        execute(program.native, placed, used.threads, signal),
      )
      return results.map((buffer) => new BufferSource(buffer, undefined, session))
    } finally {
      end()
    }
  } finally {
    lease.release()
    release()
  }
}

/** Makes a call that overwrites caches in place. They are consumed, unless the call fails. */
async function executeInPlace<T>(caches: readonly BufferSource[], call: () => Promise<T>): Promise<T> {
  const undos = caches.map((cache) => cache.consume())
  try {
    const results = await call()
    for (const cache of caches) cache.dispose()
    return results
  } catch (error) {
    for (const undo of undos) undo()
    throw error
  }
}

function checkAlive(nodes: readonly Node[]): void {
  for (const { source, dtype, shape } of nodes) {
    if (!source?.disposed) continue
    const reason =
      source instanceof BufferSource && source.consumed
        ? 'was consumed by update(); use the result of the update'
        : 'was disposed'
    throw new SaccadeError(
      'DISPOSED',
      `a ${dtype}${formatShape(shape)} that this computation needs ${reason}`,
    )
  }
}
