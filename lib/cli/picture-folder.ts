import { mkdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { invalid } from '../errors.js'

const maxChars = 100

/** The folder that a command writes pictures to, one for each image. Files of an earlier run are replaced. */
export class PictureFolder {
  readonly #dir: string
  readonly #ending: string
  readonly #written = new Set<string>()

  private constructor(dir: string, ending: string) {
    this.#dir = dir
    this.#ending = ending
  }

  /**
   * Makes the folder if it is not there.
   * @param ending of all names, so that no image is replaced that is in the same folder
   * @throws OPTION_INVALID
   */
  static async open(dir: string, ending: string): Promise<PictureFolder> {
    try {
      await mkdir(dir, { recursive: true })
    } catch (cause) {
      throw invalid('OPTION_INVALID', '--out', 'a folder that can be written', `${dir} (${cause})`, { cause })
    }
    return new PictureFolder(dir, ending)
  }

  /** A path for the picture of an image, which no other image of this run has. @param image a path, a URL, or - */
  pathFor(image: string): string {
    const name = nameOf(image)
    let free = `${name}${this.#ending}`
    for (let count = 2; this.#written.has(free); count++) free = `${name}-${count}${this.#ending}`
    this.#written.add(free)
    return join(this.#dir, free)
  }
}

function nameOf(image: string): string {
  if (image === '-') return 'stdin'
  if (/^data:/i.test(image)) return 'data'
  const path = /^https?:/i.test(image) ? image.replace(/[?#].*$/s, '') : image
  // biome-ignore lint/suspicious/noControlCharactersInRegex: characters that no file name has on some system
  const name = parse(path).name.replaceAll(/[\x00-\x1f<>:"/\\|?*]/g, '_')
  return [...name].slice(0, maxChars).join('') || 'image'
}
