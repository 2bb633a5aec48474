// The accuracy of models/shapes-clip on pictures that it was not trained on: half of shapes in colors that it has seen
// them in, half not. Rendered by models/train/shapes.py; the answers are those of transformers with the same files.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, pipeline, RawImage } from '../../lib/index.js'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const heldOut = JSON.parse(readFileSync(path('../data/shapes-held-out.json'), 'utf8')) as {
  columns: number
  side: number
  captions: string[]
  /** Of each picture the index of its caption, and of the caption that transformers answers. */
  labels: number[]
  answers: number[]
  /** The first pictures are of pairs that were seen. */
  seen: number
}
const folder = path('../../models/shapes-clip')
const card = JSON.parse(readFileSync(`${folder}/metrics.json`, 'utf8')) as Record<
  'seen_pairs' | 'unseen_pairs',
  { pair_48: number }
>

test('held-out pictures get the answers of transformers, as often right as the card says', async () => {
  const { columns, side, captions, labels, answers, seen } = heldOut
  const { data, width } = await decodeImage(path('../data/shapes-held-out.png'))
  const tiles = labels.map((_, index) => {
    const [top, left] = [Math.floor(index / columns) * side, (index % columns) * side]
    const rows = Array.from({ length: side }, (_, y) => {
      const start = ((top + y) * width + left) * 3
      return data.subarray(start, start + side * 3)
    })
    return new RawImage(Buffer.concat(rows), side, side, 3)
  })
  const classify = await pipeline('zero-shot-image-classification', folder)
  const results = await classify(tiles, captions, { hypothesis_template: '{}' })
  await classify.dispose()
  const got = results.map(([best]) => captions.indexOf(best!.label))
  assert.equal(got, answers)
  const share = (from: number, to: number) =>
    got.slice(from, to).filter((answer, index) => answer === labels[from + index]).length / (to - from)
  // 144 pictures of the card's 2000: within 2 points.
  assert.ok(Math.abs(share(0, seen) - card.seen_pairs.pair_48) < 0.02)
  assert.ok(Math.abs(share(seen, labels.length) - card.unseen_pairs.pair_48) < 0.02)
})

test.run()
