import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, SaccadeError } from '../../lib/index.js'

const reports = fileURLToPath(new URL('../data/reports/', import.meta.url))
const extensions = ['.png', '.jpg', '.webp', '.gif', '.avif', '.tif', '.bmp', '.pgm', '.ppm', '.pbm', '.ico']
const filesOfFormat = 6
const mutationsOfFile = 15

/** A linear congruential generator: the mutations are the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Small files of each format. */
function samples(): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>(extensions.map((extension) => [extension, []]))
  for (const folder of readdirSync(reports))
    for (const name of readdirSync(join(reports, folder))) {
      const files = found.get(extname(name))
      if (files && files.length < filesOfFormat) files.push(readFileSync(join(reports, folder, name)))
    }
  return found
}

const strange = [0, 1, 0x7f, 0x80, 0xfe, 0xff]

function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  // Headers are at the beginning: half of the changes are there.
  const place = () => random(random(2) === 0 ? Math.min(80, copy.length) : copy.length)
  switch (random(4)) {
    case 0:
      return copy.subarray(0, place())
    case 1:
      return Buffer.concat([copy.subarray(0, place()), copy.subarray(place())])
    default:
      for (let change = 0; change <= random(4); change++)
        copy[place()] = random(2) === 0 ? random(256) : strange[random(strange.length)]!
      return copy
  }
}

for (const [extension, files] of samples()) {
  test(`damaged ${extension} files give pixels or an error with a code`, async () => {
    assert.ok(files.length > 0, 'no sample')
    const random = randomNumbers(extension.length * 1000 + extension.charCodeAt(1))
    for (const [index, bytes] of files.entries())
      for (let round = 0; round < mutationsOfFile; round++) {
        const file = mutated(bytes, random)
        try {
          const image = await decodeImage(file, { maxPixels: 2 ** 22 })
          assert.is(image.data.length, image.width * image.height * 3)
        } catch (error) {
          const what = `sample ${index}, round ${round}: ${error}`
          assert.instance(error, SaccadeError, what)
          assert.is.not((error as SaccadeError).code, 'INTERNAL', what)
        }
      }
  })
}

test.run()
