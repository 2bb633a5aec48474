import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runChild } from './child.js'
import { native } from './encode.js'

test('terminating workers in the middle of a run harms nobody', async () => {
  const { code, output } = await runChild('terminate')
  assert.is(code, 0, output)
  assert.is(output, 'fine\n')
})

test('the addon may be used by workers alone, and come and go with them', async () => {
  const { code, output } = await runChild('only-worker')
  assert.is(code, 0, output)
  assert.is(output, 'fine\n')
})

test('many workers may load the addon at once', async () => {
  const { code, output } = await runChild('parallel')
  assert.is(code, 0, output)
  assert.is(output, `${Array(8).fill(200).join(' ')}\n`)
})

test('runs of many workers, some aborted and some terminated, keep their bits', async () => {
  const { code, output } = await runChild('stress', {}, 120_000)
  assert.is(code, 0, output)
  assert.is(output, 'fine\n')
})

test('the process may exit while programs run', async () => {
  const since = performance.now()
  const { code, output } = await runChild('exit')
  assert.is(code, 3, output)
  assert.is(output, 'leaving\n')
  assert.ok(performance.now() - since < 10_000)
})

test('a run keeps the process alive until it has ended, and no longer', async () => {
  const { code, output } = await runChild('keep-alive')
  assert.is(code, 0, output)
  assert.is(output, 'result 2\n')
})

test('SACCADE_MEMORY_LIMIT is kept', async () => {
  const { code, output } = await runChild('limit', { SACCADE_MEMORY_LIMIT: '1000000' })
  assert.is(code, 0, output)
  assert.is(output, 'OUT_OF_MEMORY OUT_OF_MEMORY number 2\n')
})

test('SACCADE_ISA picks the instruction set', async () => {
  for (const isa of native.info().isas) {
    const { output } = await runChild('info', { SACCADE_ISA: isa })
    assert.is(JSON.parse(output).isa, isa)
  }
})

test('bad settings are told, naming what there is', async () => {
  const isa = await runChild('info', { SACCADE_ISA: 'mmx' })
  assert.match(isa.output, /SACCADE_ISA is 'mmx', but this machine and build have: .*generic\n$/)
  const limit = await runChild('info', { SACCADE_MEMORY_LIMIT: 'much' })
  assert.match(limit.output, /SACCADE_MEMORY_LIMIT is 'much', expected a number of bytes\n$/)
})

test('without a build the loader says what to do', async () => {
  const { output } = await runChild('info', { SACCADE_PREBUILD: '/nowhere' })
  assert.match(output, /could not be loaded: No native build was found .*npm run build/)
})

test.run()
