// The command line as a person or a script uses it: what is printed where, and what the process ends with.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const vit = 'models/digits-vit'
const sample = (file: string) => `${vit}/samples/${file}`
const goldens = 'test/data/goldens'

interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

function saccade(args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, ['bin/saccade.js', ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })))
}

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('help: of the whole, and of every command', async () => {
  const whole = await saccade(['--help'])
  assert.is(whole.status, 0)
  for (const command of [
    'classify',
    'translate',
    'generate',
    'embed',
    'search',
    'depth',
    'segment',
    'info',
    'verify',
  ]) {
    assert.match(whole.out, new RegExp(`^ {2}${command} `, 'm'))
    const help = await saccade([command, '--help'])
    assert.is(help.status, 0)
    const hub = ['--revision', '--token', '--offline', '--cache-dir']
    for (const option of ['--json', '--device', '--dtype', '--threads', ...(command === 'verify' ? [] : hub)])
      assert.match(help.out, option)
  }
})

test('wrong calls end with 2 and say what is wrong', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /Usage/],
    [['juggle'], /juggle/],
    [['classify', 'a.png'], /--model/],
    [['classify', '--model', vit], /images/],
    [['classify', 'a.png', '--model', vit, '--bogus'], /--bogus/],
    [['classify', 'a.png', '--model', vit, '--device', 'tpu'], /tpu.*cpu/s],
    [['classify', 'a.png', '--model', vit, '--threads', 'many'], /whole number/],
    [['classify', 'a.png', '--model', vit, '--top-k', '0'], /whole number/],
  ]
  for (const [args, message] of wrong) {
    const { status, err } = await saccade(args)
    assert.is(status, 2, args.join(' '))
    assert.match(err, message)
  }
})

test('classify: one unreadable picture is reported and does not stop the rest', async () => {
  const files = Array.from({ length: 10 }, (_, digit) => sample(`0${digit}-digit-${digit}.png`))
  files.splice(4, 0, 'package.json')
  const { status, out, err } = await saccade(['classify', ...files, '--model', vit, '--top-k', '1'])
  assert.is(status, 1)
  const lines = out.trim().split('\n')
  assert.is(lines.length, 10)
  lines.forEach((line, digit) => {
    assert.match(line, new RegExp(`^${sample(`0${digit}`)}.*: ${digit} \\d+\\.\\d\\d%$`))
  })
  assert.match(err, /^package\.json: IMAGE_INVALID/)
  assert.not.match(err, /█|░/, 'no progress in a pipe')
})

test('classify --function-to-apply: scores of another function', async () => {
  const scoresBy = async (name: string) => {
    const args = ['classify', sample('07-digit-7.png'), '--model', vit, '--top-k', '10']
    const { out, status } = await saccade([...args, '--function-to-apply', name])
    assert.is(status, 0)
    return out
  }
  assert.match(await scoresBy('softmax'), /7 \d+\.\d\d%/)
  const logits = [...(await scoresBy('none')).matchAll(/ (-?\d+\.\d{4})(?:,|$)/gm)].map(([, text]) =>
    Number(text),
  )
  assert.is(logits.length, 10)
  assert.ok(logits.some((logit) => logit < 0))
})

test('classify --json: an object a line, errors among them in their order', async () => {
  const { status, out, err } = await saccade([
    'classify',
    sample('07-digit-7.png'),
    'gone.png',
    '--model',
    vit,
    '--json',
    '--top-k',
    '2',
    '--threads',
    '2',
  ])
  assert.is(status, 1)
  assert.is(err, '')
  const lines = jsonLines(out)
  assert.equal(
    lines.map(({ input }) => input),
    [sample('07-digit-7.png'), 'gone.png'],
  )
  const seven = lines.find(({ input }) => input.endsWith('7.png'))
  assert.is(seven.classes[0].label, '7')
  assert.is(seven.classes.length, 2)
  assert.is(lines.find(({ input }) => input === 'gone.png').error.code, 'FILE_NOT_FOUND')
})

test('the images of a folder have its name before theirs, with one slash', async () => {
  const folder = 'models/shapes-mae/samples'
  for (const argument of [folder, `${folder}/`]) {
    const { status, out } = await saccade(['classify', argument, '--model', vit, '--json'])
    assert.is(status, 0)
    assert.is(jsonLines(out)[0].input, `${folder}/00.png`)
  }
})

test('a model that is not there, or is of another kind', async () => {
  const gone = await saccade(['classify', sample('07-digit-7.png'), '--model', './gone'])
  assert.is(gone.status, 1)
  assert.match(gone.err, /FILE_NOT_FOUND.*gone/)
  const other = await saccade(['translate', 'one', '--model', vit])
  assert.is(other.status, 1)
  assert.match(other.err, /TASK_UNSUPPORTED.*image-classification/)
  const cuda = await saccade(['classify', sample('07-digit-7.png'), '--model', vit, '--device', 'cuda'])
  assert.is(cuda.status, 1)
  assert.match(cuda.err, /DEVICE_UNAVAILABLE/)
})

test('translate: arguments, and a line each from standard input', async () => {
  const model = ['--model', 'models/numbers-en-ru']
  const given = await saccade(['translate', 'forty-two', 'two thousand', ...model])
  assert.is(given.status, 0)
  assert.is(given.out, 'сорок два\nдве тысячи\n')
  const piped = await saccade(['translate', ...model, '--json', '--num-beams', '2'], 'one\n\nseven\n')
  assert.is(piped.status, 0)
  assert.equal(jsonLines(piped.out), [
    { input: 'one', translation: 'один' },
    { input: '', translation: '' },
    { input: 'seven', translation: 'семь' },
  ])
  const long = await saccade(['translate', 'one '.repeat(80), 'two', ...model])
  assert.is(long.status, 1)
  assert.match(long.err, /TEXT_TOO_LONG/)
  assert.is(long.out, 'два\n')
})

test('generate: words as they come, JSON, and a line each from standard input', async () => {
  const model = ['--model', `${goldens}/gpt2-lm`, '--max-new-tokens', '4']
  const tooLong = ['x'.repeat(40), '. '.repeat(15)]
  const given = await saccade(['generate', 'the train', ...tooLong, 'b', ...model])
  assert.is(given.status, 1)
  assert.match(given.err, /^x+: TEXT_TOO_LONG: .*at most 32 tokens.*\n[. ]+: TEXT_TOO_LONG: .*got 33/)
  const [train, cut, b, ...rest] = given.out.split('\n')
  assert.ok(train!.startsWith('the train') && train!.length > 9, given.out)
  assert.match(cut!, /^(\. )+/, 'what was printed before the error has a line of its own')
  assert.ok(b!.startsWith('b') && b!.length > 1, given.out)
  assert.equal(rest, [''])
  const piped = await saccade(['generate', ...model, '--json', '--num-beams', '1'], 'the train\n\nb\n')
  assert.is(piped.status, 0)
  assert.equal(jsonLines(piped.out), [
    { input: 'the train', text: train },
    { input: '', text: '' },
    { input: 'b', text: b },
  ])
  const draw = ['--do-sample', '--num-beams', '2', '--seed', '4']
  const drawn = await saccade(['generate', 'b', 'b', ...model, ...draw])
  const [first, again] = drawn.out.split('\n')
  assert.is(first, again)
  assert.is.not(first, b)
})

test('embed: pictures and texts', async () => {
  const pictures = await saccade([
    'embed',
    sample('07-digit-7.png'),
    sample('10-digit-7.png'),
    '--model',
    vit,
    '--json',
  ])
  assert.is(pictures.status, 0)
  assert.equal(
    jsonLines(pictures.out).map(({ shape, vector }) => [shape, vector.length]),
    [
      [[64], 64],
      [[64], 64],
    ],
  )
  const texts = await saccade([
    'embed',
    'a small red circle',
    '--model',
    `${goldens}/bert-model`,
    '--normalize',
    '--json',
  ])
  assert.is(texts.status, 0)
  const [{ vector }] = jsonLines(texts.out)
  assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5)
  // A folder of sentence-transformers says itself how its texts become vectors.
  const report = 'test/data/reports/sentence-dense-prompt'
  const { texts: given, vectors } = JSON.parse(readFileSync(join(root, report, 'expected.json'), 'utf8'))
  const sentence = await saccade(['embed', given[0], '--model', join(root, report, 'model'), '--json'])
  const [{ vector: pooled }] = jsonLines(sentence.out)
  assert.is(pooled.length, vectors[0].length)
  for (const [index, value] of pooled.entries()) assert.ok(Math.abs(value - vectors[0][index]) < 1e-5)
  const wrong = await saccade(['embed', sample('07-digit-7.png'), '--model', vit, '--pooling', 'cls'])
  assert.is(wrong.status, 1)
  assert.match(wrong.err, /OPTION_INVALID.*--pooling/)
})

test('embed and search: texts and pictures in one space', async () => {
  const shapes = join(root, 'models/shapes-clip')
  const dir = mkdtempSync(join(tmpdir(), 'saccade-search-'))
  try {
    for (const name of ['vectors.safetensors', 'vectors.jsonl']) {
      const file = join(dir, name)
      const embedded = await saccade(['embed', join(shapes, 'samples'), '--model', shapes, '--out', file])
      assert.is(embedded.status, 0, embedded.err)
      const found = await saccade(['search', 'a red circle', '--in', file, '--top-k', '2', '--json'])
      assert.is(found.status, 0, found.err)
      const [best, ...more] = jsonLines(found.out)
      assert.match(best.input, /00-a-small-red-circle/)
      assert.is(more.length, 1)
      const same = await saccade(['search', best.input, '--image', '--in', file, '--top-k', '1'])
      assert.match(same.out, /^1\.0000 {2}.*00-a-small-red-circle/)
    }
    const texts = join(dir, 'texts.jsonl')
    await saccade(['embed', 'a blue star', '--text', '--model', shapes, '--out', texts])
    assert.is(jsonLines(readFileSync(texts, 'utf8'))[0].input, 'a blue star')
    writeFileSync(join(dir, 'bad.jsonl'), '{"input":"a","vector":[1,"2"]}')
    const bad = await saccade(['search', 'a', '--in', join(dir, 'bad.jsonl'), '--model', shapes])
    assert.is(bad.status, 1)
    assert.match(bad.err, /INPUT_INVALID.*line 1/)
    const picture = await saccade(['search', 'a', '--in', sample('07-digit-7.png'), '--model', shapes])
    assert.match(picture.err, /INPUT_INVALID.*png: line 1: expected JSON, or a file \.safetensors/)
    writeFileSync(join(dir, 'other.jsonl'), '{"input":"a","vector":[1,2]}')
    const other = await saccade(['search', 'a', '--in', join(dir, 'other.jsonl'), '--model', shapes])
    assert.match(other.err, /SHAPE_MISMATCH/)
    const unnamed = await saccade(['search', 'a', '--in', join(dir, 'other.jsonl')])
    assert.match(unnamed.err, /OPTION_INVALID.*--model/)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('info', async () => {
  const { status, out } = await saccade(['info', vit])
  assert.is(status, 0)
  assert.match(out, /^architecture +vit$/m)
  assert.match(out, /^parameters +214,218$/m)
  const json = await saccade(['info', vit, '--json'])
  const facts = JSON.parse(json.out)
  assert.is(facts.layout, 'transformers ViTForImageClassification')
  assert.is(facts.labels, 10)
  assert.ok(facts.machine.isas.includes(facts.machine.isa))
  assert.equal(facts.unused, [])
  const authors = await saccade(['info', 'test/data/reports/dinov2-authors-names/model'])
  assert.match(authors.out, /^unused +mask_token \(.+\)$/m)
})

test('verify: a line a run, and the status counts', async () => {
  const good = await saccade(['verify', `${goldens}/vit-model`, `${goldens}/marian-mt`])
  assert.is(good.status, 0)
  const lines = good.out.trim().split('\n')
  assert.is(lines.length, 6)
  assert.match(lines[0]!, /^pass {2}vit-model main .*pooler_output \d\.\de-\d+\/\d\.\de-\d+/)
  assert.is(lines[5], '5 passed, 0 failed')
  const bad = await saccade(['verify', `${goldens}/vit-model`, './nowhere', '--json'])
  assert.is(bad.status, 1)
  const reports = jsonLines(bad.out)
  assert.equal(
    reports.map(({ pass }) => pass),
    [true, false],
  )
  assert.match(reports[1].error, /FILE_NOT_FOUND/)
  // In eight bits the numbers are others: a verify that cannot fail would pass here.
  const rough = await saccade(['verify', `${goldens}/convnext-v1`, '--dtype', 'bf16'])
  assert.is(rough.status, 1)
  assert.match(rough.out, /^FAIL {2}convnext-v1/)
})

test.run()
