// What comes in and goes out: lines of standard input, folders, names, closed outputs, Ctrl-C, downloads.
import { spawn } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { escapeText, shortText } from '../../lib/cli/escape.js'
import { isLarge, readFiles, withHub } from '../support/hub.js'
import { inFolder } from '../weights/build.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const vit = 'models/digits-vit'
const seven = join(root, vit, 'samples/07-digit-7.png')
const words = ['--model', 'models/numbers-en-ru']

interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command of the shell, in which $S is saccade. */
function shell(
  command: string,
  { input = '', ...variables }: Record<string, string | Buffer> = {},
): Promise<Ended> {
  const child = spawn('bash', ['-c', command], {
    cwd: root,
    env: {
      ...process.env,
      NO_COLOR: '1',
      S: `${process.execPath} bin/saccade.js`,
      ...(variables as Record<string, string>),
    },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })))
}

test('lines of standard input keep their place; a bad one is reported with its number, and the others are run', async () => {
  const long = 'one '.repeat(80).trim()
  const input = Buffer.from(`one\n\n${long}\n\xff\r\nseven`, 'latin1')
  const { status, out, err } = await shell(`$S translate ${words.join(' ')}`, { input })
  assert.is(out, 'один\n\n\n\nсемь\n')
  assert.match(err, /^line 3: one one .*…: TEXT_TOO_LONG: .*\nline 4: INPUT_INVALID: .*UTF-8\n$/)
  assert.is(status, 1)
  const json = await shell(`$S translate - --json ${words.join(' ')}`, { input })
  const lines = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    lines.map(({ translation, line, error }) => translation ?? [line, error.code]),
    ['один', '', [3, 'TEXT_TOO_LONG'], [4, 'INPUT_INVALID'], 'семь'],
  )
  const cut = await shell(`$S translate --truncation ${words.join(' ')}`, { input: `${long}\n` })
  assert.is(cut.status, 0)
  assert.match(cut.out, /^один/)
  const vectors = await shell('$S embed - --json --model test/data/goldens/bert-model', {
    input: 'a red circle\n\nb',
  })
  assert.equal(
    vectors.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).input),
    ['a red circle', '', 'b'],
  )
})

test('images: of a folder, by names on standard input, and on standard input itself', async () => {
  await inFolder(async (dir) => {
    for (const name of ['b.png', 'a.PNG', 'c\u001b[31m\n.png']) await copyFile(seven, join(dir, name))
    await copyFile(
      seven,
      Buffer.concat([Buffer.from(join(dir, 'd')), Buffer.from([0xff]), Buffer.from('.png')]),
    )
    await writeFile(join(dir, 'notes.txt'), 'no image')
    const model = `--top-k 1 --model ${vit}`
    const folder = await shell(`$S classify "$D" ${model}`, { D: dir })
    assert.is(folder.status, 0, folder.err)
    const names = folder.out
      .trim()
      .split('\n')
      .map((line) => /^.*\/(.*): 7 \d\d\.\d\d%$/.exec(line)?.[1])
    assert.equal(names, ['a.PNG', 'b.png', 'c\\x1b[31m\\n.png', 'd\ufffd.png'])
    const listed = await shell(`ls -d "$D"/[bd]* "$D"/gone* | $S classify ${model}`, { D: dir })
    assert.equal(listed.out.match(/: 7 /g)?.length, 2)
    const argument = await shell(`$S classify "$D"/d* "$D"/gone$'\\xff' ${model}`, { D: dir })
    assert.match(argument.out, /: 7 /)
    assert.match(argument.err, /^\S+gone\S+: FILE_NOT_FOUND: /)
    assert.is(argument.status, 1)
    const input = await readFile(seven)
    assert.match((await shell(`$S classify - ${model}`, { input })).out, /^-: 7 /)
    const vector = await shell(`$S embed --json --model ${vit}`, { input })
    assert.is(JSON.parse(vector.out).vector.length, 64)
    const empty = join(dir, 'empty')
    await mkdir(empty)
    assert.is((await shell(`$S classify "$D" ${model}`, { D: empty })).status, 1)
  })
})

test('outputs that end or are full: no stack, and quiet for a reader that has gone', async () => {
  const images = `${seven} `.repeat(20)
  const head = await shell(`$S classify ${images} --model ${vit} | head -1; exit \${PIPESTATUS[0]}`)
  assert.equal([head.status, head.err], [0, ''])
  for (const command of ['--help', `classify ${seven} --model ${vit}`]) {
    const full = await shell(`$S ${command} > /dev/full`)
    assert.equal([full.status, full.err], [1, 'saccade: the output cannot be written: ENOSPC\n'])
    assert.is((await shell(`$S ${command} 2> /dev/full`)).status, 0)
  }
})

/** Runs a command and sends it SIGINT when `begun` says that it waits. */
async function interrupted(args: readonly string[], variables: object, begun: () => Promise<boolean>) {
  const child = spawn(process.execPath, ['bin/saccade.js', ...args], {
    cwd: root,
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr!.on('data', (chunk) => {
    err += chunk
  })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  while (!(await begun())) await new Promise((resolve) => setTimeout(resolve, 100))
  const start = performance.now()
  child.kill('SIGINT')
  return { status: await closed, err, seconds: (performance.now() - start) / 1000 }
}

test('Ctrl-C ends a download at once, with 130, and leaves no partial file', async () => {
  let stalled = false
  const files = readFiles(join(root, vit))
  const hub = {
    files,
    fault: (request: { url?: string | undefined }, response: { write(text: string): unknown }) => {
      if (!isLarge(request.url!)) return false
      response.write('x')
      stalled = true
      return true
    },
  }
  await withHub(hub, async ({ endpoint, cacheDir }) => {
    const args = ['classify', seven, '--model', 'org/model', '--cache-dir', cacheDir]
    const { status, err, seconds } = await interrupted(args, { HF_ENDPOINT: endpoint }, async () => stalled)
    assert.equal([status, err], [130, ''])
    assert.ok(seconds < 5, `${seconds} s`)
    const left = await readdir(cacheDir, { recursive: true })
    assert.not.ok(left.some((name) => /incomplete|safetensors/.test(name)))
  })
})

test('Ctrl-C ends a wait for standard input at once, with 130', async () => {
  let waits = 0
  // The model is open long before.
  const { status, err, seconds } = await interrupted(['translate', ...words], {}, async () => waits++ > 100)
  assert.equal([status, err], [130, ''])
  assert.ok(seconds < 5, `${seconds} s`)
})

test('options of the Hub', async () => {
  const files = readFiles(join(root, vit))
  await withHub({ files, token: 'hf_secret' }, async ({ endpoint, cacheDir, asked }) => {
    const model = `${seven} --top-k 1 --model org/model --cache-dir ${cacheDir}`
    const variables = { HF_ENDPOINT: endpoint, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }
    const offline = await shell(`$S classify ${model} --offline`, variables)
    assert.match(offline.err, /^saccade: FILE_NOT_FOUND: .*downloads are off\n$/)
    assert.is(asked.length, 0)
    const refused = await shell(`$S classify ${model}`, variables)
    assert.match(refused.err, /^saccade: FILE_NOT_FOUND: .*401.*HF_TOKEN.*\n$/)
    const given = await shell(`$S classify ${model} --revision v1 --token hf_secret`, variables)
    assert.match(given.out, /: 7 /)
    assert.ok(asked.at(-1)!.url.length > 0 && asked.some(({ url }) => url.includes('/revision/v1')))
    const cached = await shell(`$S info org/model --cache-dir ${cacheDir} --revision v1 --offline`, variables)
    assert.match(cached.out, /^architecture +vit$/m)
  })
})

test('what is shown has no control characters and no endless texts', () => {
  assert.is(escapeText('a\u001b[2J\n\t\u0085\u202e\ud800é🙂'), 'a\\x1b[2J\\n\\t\\x85\\u202e\\ud800é🙂')
  assert.is(shortText('🙂'.repeat(300)), `${'🙂'.repeat(200)}…`)
})

test.run()
