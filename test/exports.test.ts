// Every type that a public signature mentions is exported, so that a program can name what it passes and gets.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Arithmetic of types, such as that of shapes, and constraints made of it: the type checker evaluates it, and programs do not write it. */
const machinery =
  /\/graph\/(?:axis|shape)-types\.d\.ts$|\/models\/family-types\.d\.ts$|\/(?:ops|attention)\/[\w-]+\.d\.ts$/

/** Members for the library itself, which happen to be public. */
const internalMembers =
  /^ {4}(?:(?:private|protected|#)|(?:static )?\[Symbol|constructor\(|(?:readonly |abstract )*(?:node|spec|modules|checkpoint|config)\b|(?:abstract )?begin\()/

interface Declaration {
  readonly file: string
  readonly name: string
}

/** An emitted file of declarations: its top-level declarations by name, and where the names that it imports come from. */
class Declarations {
  readonly texts = new Map<string, string>()
  readonly imports = new Map<string, Declaration>()
  readonly exports = new Map<string, Declaration | { readonly namespace: string }>()
  readonly stars: string[] = []

  constructor(file: string) {
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
    const at = (path: string) => resolve(dirname(file), path.replace(/\.js$/, '.d.ts'))
    for (const [, kind, names, path] of text.matchAll(
      /^(import|export)(?: type)? \{([^}]*)\} from '(\.[^']*)';/gm,
    ))
      for (const [, name, alias] of names!.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)) {
        const from = { file: at(path!), name: name! }
        if (kind === 'import') this.imports.set(alias ?? name!, from)
        else this.exports.set(alias ?? name!, from)
      }
    for (const [, alias, path] of text.matchAll(/^export (?:type )?\* (?:as (\w+) )?from '(\.[^']*)';/gm))
      if (alias) this.exports.set(alias, { namespace: at(path!) })
      else this.stars.push(at(path!))
    const start = /^(export )?(?:declare )?(?:abstract )?(?:type|interface|class|function|const) (\w+)/gm
    const found = [...text.matchAll(start)]
    for (const [index, match] of found.entries()) {
      const body = text.slice(match.index, found[index + 1]?.index)
      // Overloads of a function are declarations of one name.
      this.texts.set(match[2]!, `${this.texts.get(match[2]!) ?? ''}${body}`)
      if (match[1]) this.exports.set(match[2]!, { file, name: match[2]! })
    }
  }
}

test('types of public signatures are exported', () => {
  const dir = mkdtempSync(join(tmpdir(), 'saccade-types-'))
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', dir], { cwd: root })
    assert.equal(
      missing(join(dir, 'index.d.ts')).map((text) => text.replaceAll(dir, '')),
      [],
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

function missing(index: string): string[] {
  const files = new Map<string, Declarations>()
  const open = (file: string) => {
    const known = files.get(file) ?? new Declarations(file)
    files.set(file, known)
    return known
  }
  /** The file that declares a name which another exports. */
  const origin = ({ file, name }: Declaration): string => {
    const { exports, stars, texts } = open(file)
    const found = exports.get(name)
    if (found && 'file' in found && found.file !== file) return origin(found)
    if (texts.has(name)) return `${file}#${name}`
    const star = stars.find((path) => open(path).exports.has(name))
    return star ? origin({ file: star, name }) : `${file}#${name}`
  }
  const exported = new Set<string>()
  const collect = (file: string) => {
    const { exports, stars } = open(file)
    for (const star of stars) collect(star)
    for (const found of exports.values())
      if ('namespace' in found) collect(found.namespace)
      else exported.add(origin(found))
  }
  collect(index)
  assert.ok(exported.size > 150, `${exported.size} exports`)
  const faults = new Set<string>()
  for (const place of exported) {
    const [file, name] = place.split('#') as [string, string]
    const declarations = open(file)
    const lines = declarations.texts.get(name)?.split('\n') ?? []
    const text = lines.filter((line) => !internalMembers.test(line)).join('\n')
    for (const [word] of text.matchAll(/(?<![.\w'])[A-Z]\w*(?![\w']|\??:)/g)) {
      const imported = declarations.imports.get(word)
      const target = imported ? origin(imported) : `${file}#${word}`
      const isType = imported !== undefined || declarations.texts.has(word)
      if (isType && !exported.has(target) && !machinery.test(target.split('#')[0]!))
        faults.add(`${target} in ${name}`)
    }
  }
  return [...faults].sort()
}

test.run()
