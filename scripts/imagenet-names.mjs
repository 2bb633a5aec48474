// Makes data/imagenet-names.json.br from the files of timm (timm/data/_info, see data/README.md):
//   node scripts/imagenet-names.mjs FOLDER
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { root } from './native.mjs'

/** The list of synsets by number of classes, as in timm.data.imagenet_info. */
const subsets = {
  1000: 'imagenet_synsets.txt',
  11221: 'imagenet21k_miil_synsets.txt',
  11821: 'imagenet12k_synsets.txt',
  21841: 'imagenet22k_synsets.txt',
  21842: 'imagenet22k_ms_synsets.txt',
  21843: 'imagenet21k_goog_synsets.txt',
}

const [folder] = process.argv.slice(2)
const lines = (name) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
const names = new Map(lines('imagenet_synset_to_lemma.txt').map((line) => line.split('\t')))
const lists = Object.entries(subsets).map(([classes, file]) => [classes, lines(file)])

// The largest list first: the others then are mostly runs of steps of one.
const synsets = [...new Set(lists.toReversed().flatMap(([, list]) => list))]
const indexOf = new Map(synsets.map((synset, index) => [synset, index]))
const steps = (list) => {
  const indices = list.map((synset) => indexOf.get(synset))
  return indices.map((index, i) => index - (indices[i - 1] ?? -1))
}

const json = JSON.stringify({
  names: synsets.map((synset) => names.get(synset)),
  steps: Object.fromEntries(lists.map(([classes, list]) => [classes, steps(list)])),
})
const packed = brotliCompressSync(json, {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: json.length },
})
writeFileSync(join(root, 'data', 'imagenet-names.json.br'), packed)
console.log(`${synsets.length} names, ${packed.length} bytes`)
