// Runs the code of a page of docs/ and compares its output with that in the page.
//
//   node --import tsx scripts/check-docs.ts [--update] [docs/attention.md ...]
//
// The ```ts blocks of a page are one program. A ```text block after one has its output. --update writes the outputs into
// the page.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The pages with code that runs. */
export const pages = ['docs/attention.md', 'docs/generation.md', 'docs/tokenizers.md']

/** A block of code and its output in the page. Lines count from 0; `end` is the line of the closing fence. */
interface Block {
  readonly start: number
  readonly end: number
  readonly output?: { readonly start: number; readonly end: number }
}

/** The actual output of a block, and the output in the page. */
export interface Printed {
  /** First line of the code in the page, counted from 1. */
  readonly line: number
  readonly expected: string
  readonly actual: string
}

export class Page {
  readonly file: string
  readonly lines: readonly string[]
  readonly blocks: readonly Block[]

  constructor(file: string) {
    this.file = file
    this.lines = readFileSync(join(root, file), 'utf8').split('\n')
    this.blocks = findBlocks(this.lines)
  }

  /** Runs the program of the page. Rejects if it fails, with line numbers of the page. */
  async run(): Promise<Printed[]> {
    const mark = `\u0001${crypto.randomUUID()}`
    const program = join(root, 'build', 'docs', `${basename(this.file, '.md')}-${process.pid}.ts`)
    mkdirSync(dirname(program), { recursive: true })
    writeFileSync(program, this.#program(mark))
    try {
      const outputs = (await runProgram(program)).split(`${mark}\n`).slice(1)
      return this.blocks.map(({ start, output }, index) => ({
        line: start + 2,
        expected: output ? this.lines.slice(output.start + 1, output.end).join('\n') : '',
        actual: (outputs[index] ?? '').replace(/\n$/, ''),
      }))
    } finally {
      rmSync(program)
    }
  }

  /** Writes the outputs into the page. */
  update(printed: readonly Printed[]): void {
    const lines = [...this.lines]
    // In reverse order, so that the line numbers of earlier blocks stay valid.
    for (const { start, end, output } of [...this.blocks].reverse()) {
      const { actual } = printed.find(({ line }) => line === start + 2)!
      const text = actual === '' ? [] : ['```text', ...actual.split('\n'), '```']
      if (output) lines.splice(output.start, output.end + 1 - output.start, ...text)
      else if (text.length > 0) lines.splice(end + 1, 0, '', ...text)
    }
    writeFileSync(join(root, this.file), lines.join('\n'))
  }

  /** The program: code has the same line numbers as in the page, and a mark is printed before each block. */
  #program(mark: string): string {
    const lines = this.lines.map(() => '')
    for (const { start, end } of this.blocks) {
      lines[start] = `console.log(${JSON.stringify(mark)})`
      for (let line = start + 1; line < end; line++)
        lines[line] = this.lines[line]!.replace(/ from 'saccade'$/, ` from '../../lib/index.js'`)
    }
    return lines.join('\n')
  }
}

function findBlocks(lines: readonly string[]): Block[] {
  const fences = lines.flatMap((line, place) =>
    line.startsWith('```') ? [{ kind: line.slice(3), place }] : [],
  )
  const blocks: Block[] = []
  for (let index = 0; index + 1 < fences.length; index += 2) {
    const [open, close] = [fences[index]!, fences[index + 1]!]
    if (open.kind !== 'ts') continue
    const [nextOpen, nextClose] = fences.slice(index + 2)
    const follows = nextOpen?.kind === 'text' && nextOpen.place <= close.place + 2
    blocks.push({
      start: open.place,
      end: close.place,
      ...(follows && nextClose && { output: { start: nextOpen.place, end: nextClose.place } }),
    })
  }
  return blocks
}

function runProgram(program: string): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: root,
    // Test runners set FORCE_COLOR for their children; the outputs in a page have no colours.
    env: { ...process.env, FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => (status === 0 ? resolve(output) : reject(new Error(errors.trim()))))
  })
}

const numbers = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g

/**
 * Whether two texts are equal, where a number may be off by one in its last digit, because instruction sets round
 * differently.
 */
export function same(expected: string, actual: string): boolean {
  if (expected.replace(numbers, '#') !== actual.replace(numbers, '#')) return false
  const found = actual.match(numbers) ?? []
  return (expected.match(numbers) ?? []).every((text, index) => {
    const other = found[index]!
    const digits = (number: string) => /\.(\d+)/.exec(number)?.[1]?.length ?? 0
    if (digits(text) === 0 || digits(text) !== digits(other)) return text === other
    const exponent = Number(/e(.*)/.exec(text)?.[1] ?? 0)
    return Math.abs(Number(text) - Number(other)) <= 1.01 * 10 ** (exponent - digits(text))
  })
}

async function main(args: readonly string[]): Promise<void> {
  const named = args.filter((arg) => !arg.startsWith('--'))
  for (const file of named.length > 0 ? named : pages) {
    const page = new Page(file)
    const printed = await page.run()
    const wrong = printed.filter(({ expected, actual }) => !same(expected, actual))
    if (args.includes('--update')) page.update(printed)
    else
      for (const { line, expected, actual } of wrong)
        console.error(`${file}:${line}: the page says\n${expected}\nbut the code prints\n${actual}\n`)
    console.log(`${file}: ${printed.length} blocks, ${wrong.length} differ`)
    if (wrong.length > 0 && !args.includes('--update')) process.exitCode = 1
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv.slice(2))
