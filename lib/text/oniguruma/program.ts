import { checkLimit } from '../../limits.js'
import { CodePoints } from './code-points.js'
import { type Instruction, instruction, ops, type Program } from './instruction.js'
import { lengths, type Node } from './pattern.js'

/** @param what file and key, for errors. @throws LIMIT_EXCEEDED */
export function compile(pattern: Node, what: string): Program {
  const compiler = new Compiler(what)
  compiler.add(pattern)
  compiler.emit(ops.match)
  return compiler.program
}

class Compiler {
  readonly #what: string
  readonly #code: Instruction[] = []
  readonly #sets = new Map<string, CodePoints>()
  #loops = 0
  #spans = 0
  /**
   * Whether a failure at a position holds whatever came before: not inside of a look-behind, which must end at its own
   * position, and not in the repetition of something that may be empty, which must advance from its own position.
   */
  #remembers = true

  constructor(what: string) {
    this.#what = what
  }

  get program(): Program {
    return { code: this.#code, loops: this.#loops, spans: this.#spans }
  }

  emit(...args: Parameters<typeof instruction>): Instruction {
    const emitted = instruction(...args)
    checkLimit('patternSize', this.#code.push(emitted), this.#what)
    return emitted
  }

  add(node: Node): void {
    switch (node.type) {
      case 'char':
        this.emit(ops.char, { code: node.code })
        return
      case 'set':
        this.emit(ops.set, { set: this.#set(node.source) })
        return
      case 'start':
        this.emit(ops.textStart)
        return
      case 'end':
        this.emit(ops.textEnd)
        return
      case 'sequence':
        for (const item of node.items) this.add(item)
        return
      case 'choice':
        this.#choice(node.options)
        return
      case 'repeat':
        this.#repeat(node)
        return
      case 'atomic':
        this.#nested(this.emit(ops.atomic), node.node)
        return
      case 'look':
        this.#look(node)
    }
  }

  get #next(): number {
    return this.#code.length
  }

  #set(source: string): CodePoints {
    const known = this.#sets.get(source)
    if (known) return known
    const set = new CodePoints(source)
    this.#sets.set(source, set)
    return set
  }

  #choice(options: readonly Node[]): void {
    const jumps: Instruction[] = []
    for (const option of options.slice(0, -1)) {
      const split = this.emit(ops.split)
      split.first = this.#next
      this.add(option)
      this.#guard(split)
      jumps.push(this.emit(ops.jump))
      split.second = this.#next
    }
    this.add(options.at(-1)!)
    for (const jump of jumps) jump.first = this.#next
  }

  /** Most alternatives begin with one code point, by which they can be left out. */
  #guard(split: Instruction): void {
    const first = this.#code[split.first]
    if (first === undefined) return
    if (first.op === ops.char) split.code = first.code
    const isSpan = (first.op === ops.span || first.op === ops.possessive) && first.min > 0
    if (first.op === ops.set || isSpan) split.set = first.set
  }

  #repeat(node: Node & { type: 'repeat' }): void {
    const { mode, min, max } = node
    const [least, most] = lengths(node.node)
    if (most === 0) {
      // A position that is repeated is either there or not.
      if (min > 0) this.add(node.node)
      return
    }
    const source = setOf(node.node)
    if (source !== undefined && mode !== 'lazy') {
      const slot = this.#remembers && max === Infinity ? this.#spans++ : -1
      this.emit(mode === 'greedy' ? ops.span : ops.possessive, { set: this.#set(source), min, max, slot })
      return
    }
    if (mode === 'possessive') {
      this.#nested(this.emit(ops.atomic), { ...node, mode: 'greedy' })
      return
    }
    for (let count = 0; count < min; count++) this.add(node.node)
    if (max === Infinity) this.#loop(node.node, mode === 'lazy', least === 0)
    else this.#optional(node.node, max - min, mode === 'lazy')
  }

  #loop(node: Node, lazy: boolean, mayBeEmpty: boolean): void {
    const at = this.#next
    const remembered = this.#remembers
    if (mayBeEmpty) this.#remembers = false
    const split = this.emit(ops.split, { max: Infinity, slot: this.#remembers ? this.#loops++ : -1 })
    this.add(node)
    this.#remembers = remembered
    // Behind the jump the loop ends.
    if (mayBeEmpty) this.emit(ops.advanced, { first: at, second: this.#next + 2 })
    this.emit(ops.jump, { first: at })
    this.#link(split, at + 1, lazy)
  }

  #optional(node: Node, count: number, lazy: boolean): void {
    const splits: [Instruction, number][] = []
    for (let done = 0; done < count; done++) {
      splits.push([this.emit(ops.split), this.#next])
      this.add(node)
    }
    for (const [split, body] of splits) this.#link(split, body, lazy)
  }

  #link(split: Instruction, body: number, lazy: boolean): void {
    split.first = lazy ? this.#next : body
    split.second = lazy ? body : this.#next
    if (!lazy) this.#guard(split)
  }

  #look({ behind, negated, node }: Node & { type: 'look' }): void {
    const source = setOf(node)
    if (source !== undefined) {
      this.emit(behind ? ops.peekBehind : ops.peekAhead, { negated, set: this.#set(source) })
      return
    }
    const [min, max] = lengths(node)
    const look = this.emit(behind ? ops.lookBehind : ops.lookAhead, { negated, min, max })
    const remembered = this.#remembers
    if (behind) this.#remembers = false
    this.#nested(look, node)
    this.#remembers = remembered
  }

  /** Instructions that run by themselves. */
  #nested(outer: Instruction, node: Node): void {
    outer.first = this.#next
    this.add(node)
    this.emit(ops.match)
    outer.second = this.#next
  }
}

/** The class of a node that matches one code point. */
function setOf(node: Node): string | undefined {
  if (node.type === 'set') return node.source
  return node.type === 'char' ? `[\\u{${node.code.toString(16)}}]` : undefined
}
