import { compile } from '../compiler/compile.js'
import type { Node, Source } from '../graph/node.js'
import { Turns } from '../turns.js'
import { createProgram } from './execute.js'
import { constantLeaves, findFolded } from './folding.js'
import { BufferSource, holdAll } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import { placeConstants } from './placement.js'
import { getRuntime } from './runtime.js'
import type { Session } from './session.js'

/** A native program, and which leaves of a graph of its structure are its inputs. */
export interface Program {
  readonly native: NativeProgram
  /** For each input, the index of the graph's data leaf in topological order. */
  readonly leaves: readonly number[]
  /** Indices of the data leaves that the program overwrites in place. */
  readonly written: readonly number[]
}

interface NewProgram extends Program {
  /** Constants in the program's memory: when one of them is disposed, so is the program. */
  readonly constants: readonly Source[]
}

/** A program that is cached, or being made. It is disposed once it is dropped from the cache and has no users. */
interface Entry {
  readonly program: Promise<Program>
  users: number
  dropped: boolean
  /** Removes the listeners of the constants. */
  unlisten: () => void
}

/** Cache of programs by structure of the graph, device and dtype. The least recently used is dropped first. */
const programLimit = 512
const entries = new Map<string, Entry>()

/** The use of a program. The user must release it. */
export interface Lease {
  readonly program: Promise<Program>
  release(): void
}

/** Returns the cached program for a key, or makes it. */
export function leaseProgram(key: string, make: () => Promise<NewProgram>): Lease {
  const entry = entries.get(key) ?? createEntry(key, make())
  entries.delete(key)
  entries.set(key, entry)
  entry.users++
  if (entries.size > programLimit) dropOldest()
  return {
    program: entry.program,
    release() {
      entry.users--
      disposeUnused(entry)
    },
  }
}

function createEntry(key: string, made: Promise<NewProgram>): Entry {
  const dropEntry = () => drop(key, entry)
  // The entry must not reference the constants: otherwise unused weights would never be garbage-collected.
  const program = made.then(({ constants, ...rest }) => {
    entry.unlisten = onDisposeOf(constants, dropEntry)
    return rest
  })
  const entry: Entry = { program, users: 0, dropped: false, unlisten: () => {} }
  program.then(() => disposeUnused(entry), dropEntry)
  return entry
}

function onDisposeOf(constants: readonly Source[], listener: () => void): () => void {
  const removals = constants.map((source) =>
    source instanceof BufferSource ? source.onDispose(listener) : () => {},
  )
  return () => {
    for (const remove of removals) remove()
  }
}

function dropOldest(): void {
  const [oldest] = entries
  if (oldest) drop(...oldest)
}

function drop(key: string, entry: Entry): void {
  if (entries.get(key) === entry) entries.delete(key)
  entry.dropped = true
  disposeUnused(entry)
}

function disposeUnused(entry: Entry): void {
  if (!entry.dropped || entry.users > 0) return
  entry.unlisten()
  entry.program.then(
    ({ native }) => native.dispose(),
    () => {},
  )
}

/** A graph, as prepare() of run.ts gives it. */
interface Analysed {
  readonly roots: readonly Node[]
  readonly leaves: readonly Node[]
  readonly constants: readonly Node[]
}

/**
 * Compiles a graph and creates its program, with turns of the event loop.
 * @param session device and dtype of the program. `threads` is used for folding only: a program runs on any number
 */
export async function makeProgram(graph: Analysed, session: Session): Promise<NewProgram> {
  const { roots, leaves } = graph
  const { device, dtype } = session
  const release = holdAll(graph.constants.flatMap(({ source }) => source ?? []))
  const memory = new Map<string, NativeBuffer>()
  try {
    // Each pass has a turn: the caller has just built the graph, in the same turn.
    const compiled = await compile(roots, getRuntime().target(device), dtype, new Turns(0, undefined))
    const constants = [...compiled.constants, ...compiled.folded.flatMap(({ node }) => constantLeaves(node))]
    await findFolded(memory, compiled.folded, session)
    await placeConstants(memory, compiled.constants, device)
    const native = createProgram(compiled, device, memory)
    const indices = (nodes: readonly Node[]) => nodes.map((leaf) => leaves.indexOf(leaf))
    return { native, leaves: indices(compiled.inputs), written: indices(compiled.written), constants }
  } finally {
    release()
    // The program holds its constants itself.
    for (const buffer of memory.values()) buffer.dispose()
  }
}
