// A demo with the models in models/: image classification, translation, classification by any labels, and pictures whose
// hidden parts are painted.
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ImageProcessor, load, type Mae, ops, pipeline } from '../lib/index.js'

const models = fileURLToPath(new URL('../models/', import.meta.url))
const readSamples = <T>(model: string): T =>
  JSON.parse(readFileSync(join(models, model, 'samples/samples.json'), 'utf8')) as T

let right = 0
let total = 0
const timed = async <T>(work: Promise<T>): Promise<[T, string]> => {
  const started = performance.now()
  const result = await work
  return [result, `${(performance.now() - started).toFixed(1)} ms`]
}
const report = (input: string, answer: string, expected: string, time: string) => {
  total++
  if (answer === expected) right++
  const verdict = answer === expected ? 'right' : `expected ${expected}`
  console.log(`  ${input}  ->  ${answer}  (${verdict}, ${time})`)
}

for (const model of ['digits-vit', 'digits-convnext']) {
  console.log(`\nHandwritten digits, read by models/${model}`)
  const classify = await pipeline('image-classification', join(models, model))
  for (const { file, label } of readSamples<{ order: { file: string; label: string }[] }>(model).order) {
    const [[best], time] = await timed(classify(join(models, model, 'samples', file), { top_k: 1 }))
    report(`${file}`, best!.label, label, `${(best!.score * 100).toFixed(1)}% sure, ${time}`)
  }
  await classify.dispose()
}

console.log('\nNumbers from English to Russian, translated by models/numbers-en-ru')
const translate = await pipeline('translation', join(models, 'numbers-en-ru'))
for (const { en, ru } of readSamples<{ pairs: { en: string; ru: string }[] }>('numbers-en-ru').pairs) {
  const [[result], time] = await timed(translate(en))
  report(en, result!.translation_text, ru, time)
}
await translate.dispose()

console.log('\nPictures named by models/shapes-clip, which was not trained on these labels as classes')
const name = await pipeline('zero-shot-image-classification', join(models, 'shapes-clip'))
const pictures = readSamples<{ order: { file: string; caption: string }[] }>('shapes-clip').order
const captions = pictures.map(({ caption }) => caption)
for (const { file, caption } of pictures) {
  const image = join(models, 'shapes-clip', 'samples', file)
  const [[best], time] = await timed(name(image, captions, { hypothesis_template: '{}' }))
  report(file, best!.label, caption, `${(best!.score * 100).toFixed(1)}% sure, ${time}`)
}
await name.dispose()
console.log('\nHidden patches of pictures, painted by models/shapes-mae')
const painter = join(models, 'shapes-mae')
const mae = await load<Mae>(painter)
const processor = await ImageProcessor.load(painter)
const painted = readSamples<{ order: string[] }>('shapes-mae').order
const pixelValues = await processor.process(painted.map((file) => join(painter, 'samples', file)))
const [result, time] = await timed(mae.reconstruct({ pixelValues }))
// Three rows: the pictures, what the model saw, and what it made of that.
const rows = ops.concat([pixelValues, result.masked, result.reconstruction])
const [, channels = 0, height = 0, width = 0] = pixelValues.shape
const tiles = ops.permute(ops.reshape(rows, [3, painted.length, channels, height, width]), [2, 0, 3, 1, 4])
const [grid] = await processor.toImages(ops.reshape(tiles, [1, channels, 3 * height, painted.length * width]))
const file = join(tmpdir(), 'saccade-shapes-mae.png')
await grid!.save(file)
console.log(`  ${painted.length} pictures in ${time}: ${file}`)
mae.dispose()

console.log(`\n${right} of ${total} right`)
if (right < total) process.exitCode = 1
