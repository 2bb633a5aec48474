import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const lib = fileURLToPath(new URL('../lib/', import.meta.url))

/** Files and folders of lib/. Each may import from its own entry and from those before it. */
const rooms = [
  ...[
    ['errors.ts', 'dispose.ts', 'values.ts', 'options.ts', 'abort.ts', 'turns.ts', 'limits.ts', 'case.ts'],
    ['graph'],
    ['compiler'],
    ['runtime'],
    ['tensor'],
    ['ops'],
  ],
  ...[['files'], ['weights'], ['nn'], ['image'], ['text'], ['generation'], ['models'], ['attention']],
  ...[['pipelines'], ['inspect'], ['serve'], ['cli'], ['index.ts']],
]

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.split(sep).join('/'))
  .sort()

/** Static, type-only and dynamic imports, and re-exports. */
const importPattern = /\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g

/** For each file, the files it imports. */
const imports = new Map(files.map((file) => [file, importsOf(file)]))

function importsOf(file: string): string[] {
  const text = readFileSync(join(lib, file), 'utf8')
  const found = [...text.matchAll(importPattern)].map(([, path]) => {
    const target = relative(lib, join(lib, dirname(file), path!.replace(/\.js$/, '.ts')))
    return target.split(sep).join('/')
  })
  return [...new Set(found)]
}

/** Position of a file's room in the list, or -1. */
function roomOf(file: string): number {
  const [first] = file.split('/')
  return rooms.findIndex((names) => names.includes(first!))
}

test('the imports are found', () => {
  assert.ok(files.length > 150, `${files.length} files`)
  const all = [...imports].flatMap(([file, targets]) => targets.map((target) => ({ file, target })))
  assert.ok(all.length > 700, `${all.length} imports`)
  const missing = all.filter(({ target }) => !existsSync(join(lib, target)))
  assert.equal(missing, [])
  // One of each kind: static, type-only, dynamic, re-export.
  assert.ok(imports.get('options.ts')!.includes('errors.ts'))
  assert.ok(imports.get('weights/torch/zip.ts')!.includes('files/file.ts'))
  assert.ok(imports.get('pipelines/pipeline.ts')!.includes('text/load.ts'))
  assert.ok(imports.get('index.ts')!.includes('models/load.ts'))
})

test('every file belongs to a room of the list', () => {
  assert.equal(
    files.filter((file) => roomOf(file) < 0),
    [],
  )
})

test('no import goes to a room further down', () => {
  const wrong = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => roomOf(target) > roomOf(file)).map((target) => `${file} imports ${target}`),
  )
  assert.is(wrong.join('\n'), '')
})

test('no files import each other in a circle', () => {
  assert.is(circles().join('\n'), '')
})

/** The circles that a depth-first walk meets, each as the files on it. */
function circles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of imports.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of files) visit(file)
  return found
}

test.run()
