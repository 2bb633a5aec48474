import { readFile } from 'node:fs/promises'
import { invalid } from '../../errors.js'
import { fileError } from '../file.js'
import { isOn, tokenPath } from './environment.js'
import type { HubOptions } from './options.js'

/**
 * The access token to send: that of the options, else that of the environment. HF_ACCESS_TOKEN is the name that
 * transformers.js also reads.
 * @throws OPTION_INVALID for a token that is none, or that was required and is not there; no message shows a token
 */
export async function tokenToSend(token: HubOptions['token']): Promise<string | undefined> {
  if (token === false) return undefined
  if (typeof token === 'string') {
    const given = clean(token)
    if (given === undefined) throw invalid('OPTION_INVALID', 'token', 'an access token', 'an empty text')
    return checked(given, 'token')
  }
  if (token !== undefined && token !== true)
    throw invalid('OPTION_INVALID', 'token', 'an access token, true or false', typeof token)
  if (token === undefined && isOn(process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_ACCESS_TOKEN } = process.env
  const variable = clean(HF_TOKEN || HUGGING_FACE_HUB_TOKEN || HF_ACCESS_TOKEN)
  if (variable !== undefined) return checked(variable, 'HF_TOKEN')
  const path = tokenPath()
  const stored = clean(await readIfAny(path))
  if (stored !== undefined) return checked(stored, path)
  if (token) throw invalid('OPTION_INVALID', 'token: true', `a token in HF_TOKEN or ${path}`, 'none')
  return undefined
}

function clean(text: string | undefined): string | undefined {
  return text?.replaceAll(/[\r\n]/g, '').trim() || undefined
}

/** A character that a header cannot have would be an error of fetch() that shows the token. */
function checked(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw invalid('OPTION_INVALID', where, 'an access token in printable ASCII', 'other characters')
}

async function readIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileError(path, cause)
  }
}
