import { compileFolded } from '../compiler/compile.js'
import type { Folded } from '../compiler/fold.js'
import { bytesOf } from '../compiler/packing.js'
import type { Target } from '../compiler/target.js'
import type { Node, Source } from '../graph/node.js'
import { topologicalOrder } from '../graph/structure.js'
import { createProgram, execute } from './execute.js'
import { bufferOf } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import { placeConstants } from './placement.js'
import { getRuntime } from './runtime.js'
import type { Session } from './session.js'

/** Constants that are being computed, by key: programs that need the same constant wait for it. */
const folding = new Map<string, Promise<unknown>>()

/**
 * Looks up folded constants in the store of the process, and computes the missing ones on the session's device. Their
 * keys contain the name of the device.
 * @param found receives the buffers by their keys; the caller disposes them
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
    // If the other call fails, the constants are still missing, and the next iteration computes them.
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

/** Computes constants in groups. Two loops run at once: one computes a group while the other publishes its results. */
async function computeGroups(
  found: Map<string, NativeBuffer>,
  folded: readonly Folded[],
  session: Session,
): Promise<void> {
  const groups = groupsOf(folded, getRuntime().target(session.device))
  const computeNext = async () => {
    for (const group of groups) await computeGroup(found, group, session)
  }
  const results = await Promise.allSettled([computeNext(), computeNext()])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Computes constants and releases the pages of the mapped weights they were computed from. */
async function computeGroup(
  found: Map<string, NativeBuffer>,
  group: readonly Folded[],
  session: Session,
): Promise<void> {
  const { native, target } = getRuntime()
  const { device, threads } = session
  const leaves = group.flatMap(({ node }) => constantLeaves(node))
  const copies = new Map<string, NativeBuffer>()
  let program: NativeProgram | undefined
  try {
    await placeConstants(copies, leaves, device)
    program = createProgram(compileFolded(group, target(device)), device, copies)
    for (const [index, buffer] of (await execute(program, [], threads)).entries()) {
      const { key } = group[index]!.source
      const kept = native.publishConstant(key, buffer)
      if (kept !== buffer) buffer.dispose()
      found.set(key, kept)
    }
  } finally {
    program?.dispose()
    for (const copy of copies.values()) copy.dispose()
  }
  for (const source of leaves) bufferOf(source).forget()
}

/** Size of a group: limits how many unpacked weights are in memory at once. */
const groupBytes = 4 << 20

/** Groups of constants, the largest first: peak memory is lower if they are packed while few others are in memory. */
function* groupsOf(folded: readonly Folded[], target: Target): Generator<Folded[]> {
  const sized = folded.map((entry) => ({ entry, size: bytesOf(entry.node, target) }))
  let group: Folded[] = []
  let bytes = 0
  for (const { entry, size } of sized.sort((a, b) => b.size - a.size)) {
    group.push(entry)
    bytes += size
    if (bytes < groupBytes) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

/** The sources of the leaves that a constant is folded from. */
export function constantLeaves(node: Node): Source[] {
  return topologicalOrder([node]).flatMap((leaf) => (leaf.source ? [leaf.source] : []))
}
