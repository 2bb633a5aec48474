/** Reports of the benchmarks: results and properties of the machine, as JSON and Markdown. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Median, and the span of the middle four fifths. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

export type Cell = string | number | Spread | undefined

export interface Column {
  /** Name of the cell in a row. */
  readonly key: string
  readonly title: string
  /** Number of decimals; default 2. */
  readonly digits?: number
}

export interface Table {
  readonly title: string
  readonly note?: string
  readonly columns: readonly Column[]
  readonly rows: readonly Readonly<Record<string, Cell>>[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly isa: string
  readonly compiler: string
  /** Commit of the sources, with a + if there were uncommitted changes. */
  readonly commit: string
  readonly date: string
  /** Load average over the last minute before the run. */
  readonly load: number
}

export interface Report {
  /** Name in the file names: native, models, complexity. */
  readonly name: string
  readonly title: string
  /** The command that makes the report. */
  readonly command: string
  readonly machine: Machine
  readonly notes: readonly string[]
  readonly tables: readonly Table[]
  /** SVG figures by title. */
  readonly figures?: Readonly<Record<string, string>>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, 'bench', 'results')

/** Properties of the machine, with commit, date and load. Call it before the run. */
export function describeMachine(facts: Pick<Machine, 'cpu' | 'cores' | 'isa' | 'compiler'>): Machine {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'lib', 'native', 'bench') !== ''
  const { cpu, cores, isa, compiler } = facts
  return {
    cpu,
    cores,
    isa,
    compiler,
    commit: git('rev-parse', '--short', 'HEAD') + (changed ? '+' : ''),
    date: new Date().toISOString(),
    load: loadavg()[0]!,
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!
  return { median: at(0.5), low: at(0.1), high: at(0.9) }
}

/** Writes bench/results/DATE-NAME.json, .md and figures, and returns the paths from the root of the repository. */
export function saveReport(report: Report): string[] {
  mkdirSync(results, { recursive: true })
  const stem = `${report.machine.date.slice(0, 10)}-${report.name}`
  const figures = Object.entries(report.figures ?? {}).map(
    ([title, svg], index) => [title, `${stem}${index === 0 ? '' : `-${index + 1}`}.svg`, svg] as const,
  )
  const files: [string, string][] = [
    [`${stem}.json`, `${JSON.stringify({ ...report, figures: figures.map(([, file]) => file) })}\n`],
    [
      `${stem}.md`,
      renderMarkdown(
        report,
        figures.map(([title, file]) => `![${title}](${file})`),
      ),
    ],
    ...figures.map(([, file, svg]): [string, string] => [file, svg]),
  ]
  for (const [file, content] of files) writeFileSync(join(results, file), content)
  return files.map(([file]) => relative(root, join(results, file)))
}

export function renderMarkdown(report: Report, figures: readonly string[] = []): string {
  const { machine } = report
  const facts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.isa} kernels, ${machine.compiler}`,
    `commit ${machine.commit}, ${machine.date.slice(0, 16).replace('T', ' ')} UTC, load ${machine.load.toFixed(1)} at the start`,
    `\`${report.command}\``,
    ...report.notes,
  ]
  const parts = [
    `# ${report.title}`,
    facts.map((fact) => `- ${fact}`).join('\n'),
    'A figure is a median, with the 10th and 90th percentile in brackets.',
    ...figures,
    ...report.tables.map(renderTable),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderTable({ title, note, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const lines = [
    line(columns.map((column) => column.title)),
    line(columns.map(({ key }) => (rows.every((row) => typeof row[key] === 'string') ? '---' : '---:'))),
    ...rows.map((row) => line(columns.map(({ key, digits }) => renderCell(row[key], digits)))),
  ]
  return [`## ${title}`, ...(note ? [note] : []), lines.join('\n')].join('\n\n')
}

function renderCell(cell: Cell, digits = 2): string {
  if (cell === undefined) return ''
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return cell.toFixed(digits)
  return `${cell.median.toFixed(digits)} [${cell.low.toFixed(digits)}, ${cell.high.toFixed(digits)}]`
}
