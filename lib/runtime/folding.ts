import { compileFolded } from '../compiler/compile.js'
import type { Folded } from '../compiler/fold.js'
import { bytesOf } from '../compiler/packing.js'
import type { Target } from '../compiler/target.js'
import type { Node, Source } from '../graph/node.js'
import { topologicalOrder } from '../graph/structure.js'
import { createProgram, execute } from './execute.js'
import { bufferOf } from './memory.js'
import type { NativeBuffer } from './native.js'
import { getRuntime } from './runtime.js'
import type { Session } from './session.js'

/** Constants being folded, for programs that need the same ones meanwhile. */
const folding = new Map<string, Promise<unknown>>()

/**
 * Finds folded constants in the store of the process, and computes those not there, on the session's device. Their keys
 * name the device, as the compiler takes its name for a salt.
 * @param found where they go by their keys, to be disposed of by the caller
 */
export async function findFolded(
  found: Map<string, NativeBuffer>,
  folded: readonly Folded[],
  session: Session,
): Promise<void> {
  const { native } = getRuntime()
  for (;;) {
    for (const { source } of folded) {
      const known = found.get(source.key) ?? native.findConstant(source.key)
      if (known) found.set(source.key, known)
    }
    const missing = folded.filter(({ source }) => !found.has(source.key))
    if (missing.length === 0) return
    const other = missing.map(({ source }) => folding.get(source.key)).find((run) => run !== undefined)
    // What the other call fails to compute is still missing after it, and computed here.
    if (other) await Promise.allSettled([other])
    else await computeFolded(found, missing, session)
  }
}

async function computeFolded(
  found: Map<string, NativeBuffer>,
  folded: readonly Folded[],
  session: Session,
): Promise<void> {
  const running = computeGroups(found, folded, session)
  for (const { source } of folded) folding.set(source.key, running)
  try {
    await running
  } finally {
    for (const { source } of folded) folding.delete(source.key)
  }
}

/** Computes constants some at a time: two groups take turns, one being computed while the other is put away. */
async function computeGroups(
  found: Map<string, NativeBuffer>,
  folded: readonly Folded[],
  session: Session,
): Promise<void> {
  const groups = groupsOf(folded, getRuntime().target(session.device))
  const takeTurns = async () => {
    for (const group of groups) await computeGroup(found, group, session)
  }
  const ends = await Promise.allSettled([takeTurns(), takeTurns()])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** Computes constants, and lets go of the mapped weights behind them: they are packed now. */
async function computeGroup(
  found: Map<string, NativeBuffer>,
  group: readonly Folded[],
  session: Session,
): Promise<void> {
  const { native, target } = getRuntime()
  const { device, threads } = session
  const program = createProgram(compileFolded(group, target(device)), device)
  try {
    for (const [index, buffer] of (await execute(program, [], threads)).entries()) {
      const { key } = group[index]!.source
      const kept = native.publishConstant(key, buffer)
      if (kept !== buffer) buffer.dispose()
      found.set(key, kept)
    }
  } finally {
    program.dispose()
  }
  for (const { node } of group) for (const source of constantLeaves(node)) bufferOf(source).forget()
}

/** Folded constants of one run, so that their originals need not all be in memory at once. */
const foldBytes = 4 << 20

/** Large ones first: the more is packed, the less memory is needed beside it. */
function* groupsOf(folded: readonly Folded[], target: Target): Generator<Folded[]> {
  const sized = folded.map((entry) => ({ entry, size: bytesOf(entry.node, target) }))
  let group: Folded[] = []
  let bytes = 0
  for (const { entry, size } of sized.sort((a, b) => b.size - a.size)) {
    group.push(entry)
    bytes += size
    if (bytes < foldBytes) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

/** The leaves that a constant is folded from. */
export function constantLeaves(node: Node): Source[] {
  return topologicalOrder([node]).flatMap((leaf) => (leaf.source ? [leaf.source] : []))
}
