import { checkLimit } from '../../limits.js'
import { Turns } from '../../turns.js'
import { PickleStack } from './stack.js'
import { PickleCut, PickleStream } from './stream.js'
import { Built, Global, Opaque, type Pickled } from './value.js'

export interface UnpickleOptions {
  /** The pickle, for the error of a limit: a path, or a part of a file. */
  readonly what: string
  /** Called with a fault of the stream; must throw. */
  readonly fail: (problem: string) => never
  /** Called for each global that the stream names; may throw to refuse it. */
  readonly global: (name: string) => void
  /**
   * Makes the result of calling the global with these arguments; undefined to skip it. `spend` must be called with the
   * estimated bytes of what is made beyond an object of fixed size, before it is made.
   */
  readonly build: (
    name: string,
    args: readonly Pickled[],
    spend: (bytes: number) => void,
  ) => Pickled | undefined
  /** Makes the object of a persistent id. */
  readonly persistent: (id: Pickled) => Pickled
}

/** How long instructions are executed before the event loop gets a turn. */
const sliceMs = 5
/** Instructions, and bytes of what they made, between two looks at the clock: one may make thousands of items. */
const instructionsAtOnce = 256
const bytesAtOnce = 1 << 16

/** Estimated bytes of what the instructions make. */
export const cost = {
  /** Of the stack, which may take twice as much while it grows. */
  value: 16,
  mark: 24,
  list: 56,
  dict: 200,
  /** Of a dict. */
  item: 40,
  text: 40,
  object: 100,
  /** Of the memo. */
  stored: 40,
} as const

/**
 * Reads a pickle of protocol 2 without executing anything: a global is a name, and a call of one becomes the object that
 * `build` makes from the name and the arguments. There is no recursion. What is made is counted, so that a small stream
 * cannot ask for much memory. The event loop gets turns.
 *
 * Source: the description of the opcodes in CPython's Lib/pickletools.py.
 * @returns the value, and the index after its end; undefined if the bytes end before the pickle does
 * @throws LIMIT_EXCEEDED (unpickledBytes), and what the options throw
 */
export async function unpickle(
  bytes: Uint8Array,
  options: UnpickleOptions,
): Promise<{ readonly value: Pickled; readonly end: number } | undefined> {
  const stream = new PickleStream(bytes, options.fail)
  try {
    const value = await new Unpickler(stream, options).run()
    return { value, end: stream.at }
  } catch (error) {
    if (error instanceof PickleCut) return undefined
    throw error
  }
}

class Unpickler {
  readonly #stream: PickleStream
  readonly #options: UnpickleOptions
  readonly #memo = new Map<number, Pickled>()
  readonly #stack: PickleStack
  readonly #spend = (bytes: number): void => {
    this.#spent += bytes
    checkLimit('unpickledBytes', this.#spent, `${this.#options.what}: memory for its objects`)
  }
  #spent = 0

  constructor(stream: PickleStream, options: UnpickleOptions) {
    this.#stream = stream
    this.#options = options
    this.#stack = new PickleStack(options.fail)
  }

  async run(): Promise<Pickled> {
    const turns = new Turns(sliceMs, undefined)
    let spentBefore = 0
    for (let executed = 1; ; executed++) {
      if (executed % instructionsAtOnce === 0 || this.#spent - spentBefore >= bytesAtOnce) {
        spentBefore = this.#spent
        await turns.step()
      }
      const opcode = this.#stream.u8()
      if (opcode === 0x2e) {
        // STOP
        const value = this.#stack.pop()
        if (!this.#stack.empty) this.#fail('values remain on the stack at its end')
        return value
      }
      if (this.#act(opcode)) continue
      const value = this.#make(opcode)
      this.#spend(cost.value)
      this.#stack.push(value)
    }
  }

  /** Executes an instruction that pushes no value; false for other instructions. */
  #act(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#protocol(this.#stream.u8())
        return true
      case 0x28: // ( MARK
        this.#spend(cost.mark)
        this.#stack.mark()
        return true
      case 0x30: // 0 POP
        this.#stack.pop()
        return true
      case 0x31: // 1 POP_MARK
        this.#popMark()
        return true
      case 0x61: // a APPEND
        this.#append(this.#popSome(1))
        return true
      case 0x65: // e APPENDS
        this.#append(this.#popMark())
        return true
      case 0x73: // s SETITEM
        this.#setItems(this.#popSome(2))
        return true
      case 0x75: // u SETITEMS
        this.#setItems(this.#popMark())
        return true
      case 0x62: // b BUILD
        this.#setState()
        return true
      case 0x71: // q BINPUT
        this.#store(this.#stream.u8())
        return true
      case 0x72: // r LONG_BINPUT
        this.#store(this.#stream.u32())
        return true
      default:
        return false
    }
  }

  /** Executes an instruction that pushes one value. */
  #make(opcode: number): Pickled {
    const stream = this.#stream
    switch (opcode) {
      case 0x4e: // N NONE
        return null
      case 0x88: // NEWTRUE
        return true
      case 0x89: // NEWFALSE
        return false
      case 0x4b: // K BININT1
        return stream.u8()
      case 0x4d: // M BININT2
        return stream.u16()
      case 0x4a: // J BININT
        return stream.i32()
      case 0x47: // G BINFLOAT
        return stream.f64()
      case 0x8a: // LONG1
        return this.#long(stream.u8())
      case 0x8b: // LONG4
        return this.#long(stream.u32())
      case 0x58: // X BINUNICODE
        return this.#text(stream.text(stream.u32()))
      case 0x55: // U SHORT_BINSTRING
        return this.#text(stream.latin1(stream.u8()))
      case 0x54: // T BINSTRING
        return this.#text(stream.latin1(stream.u32()))
      case 0x43: // C SHORT_BINBYTES
        return this.#bytes(stream.u8())
      case 0x42: // B BINBYTES
        return this.#bytes(stream.u32())
      case 0x5d: // ] EMPTY_LIST
      case 0x29: // ) EMPTY_TUPLE
        this.#spend(cost.list)
        return []
      case 0x6c: // l LIST
      case 0x74: // t TUPLE
        return this.#popMark()
      case 0x85: // TUPLE1
        return this.#popSome(1)
      case 0x86: // TUPLE2
        return this.#popSome(2)
      case 0x87: // TUPLE3
        return this.#popSome(3)
      case 0x7d: // } EMPTY_DICT
        this.#spend(cost.dict)
        return new Map()
      case 0x68: // h BINGET
        return this.#recall(stream.u8())
      case 0x6a: // j LONG_BINGET
        return this.#recall(stream.u32())
      case 0x63: // c GLOBAL
        return this.#global()
      case 0x52: // R REDUCE
      case 0x81: // NEWOBJ
        return this.#call()
      case 0x51: // Q BINPERSID
        this.#spend(cost.object)
        return this.#options.persistent(this.#stack.pop())
      default: {
        const code = opcode.toString(16).padStart(2, '0')
        return this.#fail(`opcode 0x${code} at byte ${stream.at - 1} is not one that torch.save writes`)
      }
    }
  }

  #protocol(version: number): void {
    if (version < 2 || version > 3) this.#fail(`it is of protocol ${version}; torch.save writes protocol 2`)
  }

  #long(length: number): number | bigint {
    this.#spend(cost.object)
    return this.#stream.long(length)
  }

  #text(text: string): string {
    this.#spend(cost.text + text.length)
    return text
  }

  #bytes(length: number): Uint8Array {
    this.#spend(cost.object)
    return this.#stream.bytes(length)
  }

  #global(): Global {
    this.#spend(cost.object)
    const name = `${this.#stream.line()}.${this.#stream.line()}`
    this.#spend(name.length)
    this.#options.global(name)
    return new Global(name)
  }

  #call(): Pickled {
    this.#spend(cost.object)
    const args = this.#stack.pop()
    const callee = this.#stack.pop()
    if (!Array.isArray(args)) return this.#fail('a call whose arguments are not a tuple')
    if (callee instanceof Global)
      return this.#options.build(callee.name, args, this.#spend) ?? new Opaque(callee.name)
    if (callee instanceof Opaque) return new Opaque(callee.name)
    return this.#fail('a call of something that is not a class or function')
  }

  /** BUILD: sets attributes of an object. The objects that are kept have none, so the attributes are dropped. */
  #setState(): void {
    this.#stack.pop()
    const target = this.#stack.top()
    if (!(target instanceof Opaque || target instanceof Map || target instanceof Built))
      this.#fail('attributes for something that has none')
  }

  #append(items: Pickled[]): void {
    const list = this.#stack.top()
    if (list instanceof Opaque) return
    if (!Array.isArray(list)) this.#fail('items for something that is not a list')
    for (const item of items) list.push(item)
  }

  #setItems(items: Pickled[]): void {
    const dict = this.#stack.top()
    if (items.length % 2 !== 0) this.#fail('a dict has a key without a value')
    if (dict instanceof Opaque) return
    if (!(dict instanceof Map)) this.#fail('keys for something that is not a dict')
    this.#spend((items.length / 2) * cost.item)
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
  }

  #store(id: number): void {
    this.#spend(cost.stored)
    this.#memo.set(id, this.#stack.top())
  }

  #recall(id: number): Pickled {
    const value = this.#memo.get(id)
    return value === undefined ? this.#fail(`it refers to value ${id}, which it never stored`) : value
  }

  #popSome(count: number): Pickled[] {
    this.#spend(cost.list)
    return this.#stack.popSome(count)
  }

  #popMark(): Pickled[] {
    this.#spend(cost.list)
    return this.#stack.popMark()
  }

  #fail(problem: string): never {
    this.#options.fail(problem)
  }
}
