import { compile } from '../compiler/compile.js'
import type { Node, Source } from '../graph/node.js'
import { createProgram } from './execute.js'
import { constantLeaves, findFolded } from './folding.js'
import { BufferSource, holdAll } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import { getRuntime } from './runtime.js'
import type { Session } from './session.js'

/** A program, and how the leaves of a graph of its structure become its inputs. */
export interface Program {
  readonly native: NativeProgram
  /** For each input, which data leaf of the graph (in topological order) it is. */
  readonly leaves: readonly number[]
  /** Those of these leaves whose memory the program writes over and hands on. */
  readonly written: readonly number[]
}

interface Made extends Program {
  /** What the program holds on to: when one of these goes, so does the program. */
  readonly constants: readonly Source[]
}

/** A program that is kept, or being made. It is let go of when it was dropped and nobody uses it. */
interface Entry {
  readonly program: Promise<Program>
  users: number
  dropped: boolean
  /** Stops listening to the constants. */
  stop: () => void
}

/** Programs kept by the structure of their graph, device and dtype; the least recently used go first. */
const programLimit = 512
const entries = new Map<string, Entry>()

/** How many programs are kept. */
export function programCount(): number {
  return entries.size
}

/** A program while it is used. To be released. */
export interface Lease {
  readonly program: Promise<Program>
  release(): void
}

/** Finds the program for a graph of this structure, or makes it. */
export function leaseProgram(key: string, make: () => Promise<Made>): Lease {
  const entry = entries.get(key) ?? createEntry(key, make())
  entries.delete(key)
  entries.set(key, entry)
  entry.users++
  if (entries.size > programLimit) dropOldest()
  return {
    program: entry.program,
    release() {
      entry.users--
      letGo(entry)
    },
  }
}

function createEntry(key: string, made: Promise<Made>): Entry {
  const forget = () => drop(key, entry)
  // Of the constants nothing may be kept here, or weights that nobody uses any more would never be collected.
  const program = made.then(({ constants, ...rest }) => {
    entry.stop = onReleaseOf(constants, forget)
    return rest
  })
  const entry: Entry = { program, users: 0, dropped: false, stop: () => {} }
  program.then(() => letGo(entry), forget)
  return entry
}

function onReleaseOf(constants: readonly Source[], listener: () => void): () => void {
  const stops = constants.map((source) =>
    source instanceof BufferSource ? source.onRelease(listener) : () => {},
  )
  return () => {
    for (const stop of stops) stop()
  }
}

function dropOldest(): void {
  const [oldest] = entries
  if (oldest) drop(...oldest)
}

function drop(key: string, entry: Entry): void {
  if (entries.get(key) === entry) entries.delete(key)
  entry.dropped = true
  letGo(entry)
}

function letGo(entry: Entry): void {
  if (!entry.dropped || entry.users > 0) return
  entry.stop()
  entry.program.then(
    ({ native }) => native.dispose(),
    () => {},
  )
}

/**
 * Compiles a graph.
 * @param leaves its data leaves, in topological order
 * @param session what the program is made for. Its threads only help to make it: a program runs on any number
 */
export async function makeProgram(
  roots: readonly Node[],
  leaves: readonly Node[],
  session: Session,
): Promise<Made> {
  const { device, dtype } = session
  const compiled = compile(roots, getRuntime().target(device), dtype)
  const constants = [...compiled.constants, ...compiled.folded.flatMap(({ node }) => constantLeaves(node))]
  const release = holdAll(constants)
  const folded = new Map<string, NativeBuffer>()
  try {
    await findFolded(folded, compiled.folded, session)
    const native = createProgram(compiled, device, folded)
    const places = (nodes: readonly Node[]) => nodes.map((leaf) => leaves.indexOf(leaf))
    return { native, leaves: places(compiled.inputs), written: places(compiled.written), constants }
  } finally {
    release()
    // The program has its own hold on them.
    for (const buffer of folded.values()) buffer.dispose()
  }
}
