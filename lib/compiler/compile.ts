import type { Precision } from '../graph/kinds.js'
import type { Node, Source } from '../graph/node.js'
import { copyGraph } from '../graph/structure.js'
import type { Turns } from '../turns.js'
import { chooseDTypes } from './dtype.js'
import { encode } from './encode.js'
import { type Folded, fold } from './fold.js'
import { fuse } from './fuse.js'
import { Graph } from './graph.js'
import { lower } from './lower.js'
import { planArena } from './plan.js'
import type { Target } from './target.js'
import { checkUpdates } from './updates.js'

/** A compiled graph, ready for the native runtime. */
export interface Compiled {
  /** The program's encoding. */
  readonly code: Float64Array
  readonly arenaBytes: number
  readonly instructionCount: number
  /** Constants to bind once: unchanged weights, and folded constants. */
  readonly constants: readonly Source[]
  /** Leaves to bind at every run, in order. */
  readonly inputs: readonly Node[]
  /** The inputs that the program overwrites and returns as outputs. */
  readonly written: readonly Node[]
  /** Folded constants, which must be computed before the program is created. Each is a graph over constants. */
  readonly folded: readonly Folded[]
}

/**
 * Runs all passes, with turns of the event loop between them. The graph that is compiled is the present one, also if other
 * runs compute parts of it meanwhile.
 * @param roots must be distinct
 */
export async function compile(
  roots: readonly Node[],
  target: Target,
  precision: Precision,
  turns: Turns,
): Promise<Compiled> {
  const copies = copyGraph(roots)
  await turns.step()
  const graph = new Graph(copies)
  checkUpdates(graph)
  const fused = chooseDTypes(fuse(graph), target, precision)
  await turns.step()
  const { roots: dynamic, folded } = fold(fused, target.isa)
  await turns.step()
  return { ...finish(dynamic, target), folded }
}

/** Compiles the graphs of folded constants. compile() has already fused and typed them, and they must not be folded again. */
export function compileFolded(folded: readonly Folded[], target: Target): Compiled {
  return {
    ...finish(
      folded.map(({ node }) => node),
      target,
    ),
    folded: [],
  }
}

function finish(roots: readonly Node[], target: Target) {
  const lowered = lower(roots, target)
  const arenaBytes = planArena(lowered.values)
  return {
    code: encode(lowered, arenaBytes, target),
    arenaBytes,
    instructionCount: lowered.instructions.length,
    constants: lowered.constants,
    inputs: lowered.inputs,
    written: lowered.written,
  }
}
