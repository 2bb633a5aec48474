import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { fileError } from '../files/file.js'
import { packageRoot } from '../runtime/package-root.js'

/** The content of data/imagenet-names.json.br, which data/README.md describes. */
interface Table {
  readonly names: readonly string[]
  readonly steps: Readonly<Record<string, readonly number[]>>
}

let table: Promise<Table> | undefined

/**
 * Class names of the subset of ImageNet with this many classes: 1000, 11221, 11821, 21841, 21842 or 21843. undefined for
 * other numbers. The file is read once, and only for these numbers.
 * @throws FILE_NOT_FOUND if the package is incomplete
 */
export async function imageNetNames(classes: number): Promise<readonly string[] | undefined> {
  if (!sizes.includes(classes)) return undefined
  table ??= readTable()
  const { names, steps } = await table
  let index = -1
  return steps[classes]!.map((step) => {
    index += step
    return names[index]!
  })
}

const sizes: readonly number[] = [1000, 11221, 11821, 21841, 21842, 21843]

async function readTable(): Promise<Table> {
  const path = join(packageRoot().root, 'data', 'imagenet-names.json.br')
  try {
    const json = await promisify(brotliDecompress)(await readFile(path))
    return JSON.parse(json.toString('utf8')) as Table
  } catch (cause) {
    throw fileError(path, cause)
  }
}
