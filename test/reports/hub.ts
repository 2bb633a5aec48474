import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../lib/files/folder.js'
import { env, pipeline } from '../../lib/index.js'
import { withVariables } from '../support/environment.js'
import { readFiles, withHub } from '../support/hub.js'
import { rejects } from '../weights/build.js'
import type { Top } from './kinds.js'

export type HubCase =
  | { type: 'hub'; task: 'translation'; name: string; model: string; texts: string[]; outputs: string[] }
  | ({
      type: 'hub'
      task: 'image-classification'
      name: string
      model: string
      token: string
      image: string
    } & Top)

/** A model by its name, from an endpoint that lists its files and from one that does not. */
export async function checkHub(
  dir: string,
  expected: HubCase,
  checkTop: (found: unknown, top: Top['top']) => void,
): Promise<void> {
  for (const lists of [true, false]) {
    const { name } = expected
    const files = readFiles(join(dir, expected.model))
    const token = 'token' in expected ? expected.token : undefined
    await withHub({ name, files, lists, ...(token && { token }) }, async ({ endpoint, cacheDir }) => {
      const saved = { ...env }
      Object.assign(env, { remoteHost: endpoint, cacheDir })
      try {
        if (expected.task === 'translation') {
          const translate = await pipeline('translation', name)
          const found = await translate(expected.texts)
          assert.equal(
            found.map((one) => one.translation_text),
            expected.outputs,
          )
          return
        }
        const { task, image, top } = expected
        const none = { HF_TOKEN: undefined, HF_HUB_DISABLE_IMPLICIT_TOKEN: 'yes' }
        await withVariables(none, () => rejects(pipeline(task, name), 'FILE_NOT_FOUND', 'HF_TOKEN'))
        await withVariables({ HF_TOKEN: token }, async () => {
          const classify = await pipeline(task, name)
          checkTop(await classify(join(dir, image), { top_k: top.length }), top)
        })
      } finally {
        Object.assign(env, saved)
      }
    })
  }
}

export interface OfflineCase {
  readonly type: 'offline'
  readonly variable: string
  readonly on: string[]
  readonly off: string[]
}

export async function checkOffline({ variable, on, off }: OfflineCase): Promise<void> {
  await withHub({ files: {} }, async ({ endpoint, cacheDir, asked }) => {
    const options = { endpoint, cacheDir }
    const none = { HF_HUB_OFFLINE: undefined, TRANSFORMERS_OFFLINE: undefined }
    for (const value of on)
      await withVariables({ ...none, [variable]: value }, () =>
        rejects(resolveModel('org/model', options), 'FILE_NOT_FOUND', 'downloads are off'),
      )
    assert.is(asked.length, 0)
    for (const value of off)
      await withVariables({ ...none, [variable]: value }, () =>
        rejects(resolveModel('org/model', options), 'FILE_NOT_FOUND', 'has no config.json'),
      )
    assert.ok(asked.length >= off.length)
  })
}
