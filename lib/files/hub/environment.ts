import { homedir } from 'node:os'
import { join } from 'node:path'

/** Whether a variable of the environment is on, as huggingface_hub spells it. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|on|yes|true)$/i.test(value)
}

/** A path of the environment; ~ at its beginning is the user's folder, also where no shell replaces it. */
export function home(path: string): string {
  return /^~(?=\/|$)/.test(path) ? join(homedir(), path.slice(1)) : path
}

/** The file in which `hf auth login` keeps the token. */
export function tokenPath(): string {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env
  if (HF_TOKEN_PATH) return home(HF_TOKEN_PATH)
  return join(home(HF_HOME || join(XDG_CACHE_HOME || '~/.cache', 'huggingface')), 'token')
}

/** Seconds after which an answer that brings nothing is given up. */
export function downloadTimeout(): number {
  const seconds = Number(process.env.HF_HUB_DOWNLOAD_TIMEOUT)
  return seconds > 0 ? seconds : 10
}
