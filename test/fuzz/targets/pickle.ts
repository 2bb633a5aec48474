// Pickles of checkpoints, without an archive around them, whose checksums would refuse most changes.
import { SaccadeError } from '../../../lib/errors.js'
import { unpickle } from '../../../lib/weights/pickle/unpickle.js'
import { locateTensors } from '../../../lib/weights/torch/locate.js'
import { torchObjects } from '../../../lib/weights/torch/objects.js'
import { selectStateDict } from '../../../lib/weights/torch/state-dict.js'
import { readZipDirectory, readZipEntry } from '../../../lib/weights/torch/zip.js'
import { memoryFile, storedBelow } from '../inputs.js'

async function picklesOf(archive: Uint8Array): Promise<Uint8Array[]> {
  const file = memoryFile('model.pth', archive)
  const entries = [...(await readZipDirectory(file)).values()]
  return Promise.all(
    entries
      .filter(({ name, obstacle }) => name.endsWith('data.pkl') && !obstacle)
      .map((entry) => readZipEntry(file, entry)),
  )
}

const archives = storedBelow('weights', /\.(?:pth|pt)$/).filter((bytes) => bytes[0] === 0x50)
export const seeds: readonly Uint8Array[] = (await Promise.all(archives.map(picklesOf))).flat()

export const tokens: readonly string[] = [
  ...['(', ')', '}', ']', 'l', 't', 'u', 's', 'e', 'a', 'd', '0', '1', '2', '.', 'N', 'R', 'Q', 'b', 'K\x01'],
  ...['q\x00', 'h\x00', 'r\x00\x00\x00\x7f', '\x85', '\x86', '\x87', 'J\xff\xff\xff\xff', '\x8a\x08\xff'],
  ...[
    'ccollections\nOrderedDict\n',
    'ctorch._utils\n_rebuild_tensor_v2\n',
    'ctorch\nSize\n',
    'cos\nsystem\n',
  ],
  ...[
    'c_codecs\nencode\n',
    'ctorch._tensor\n_rebuild_from_type_v2\n',
    'X\xff\xff\xff\x7f',
    'ctorch\nStorage\n',
  ],
]

export async function run(bytes: Uint8Array): Promise<void> {
  const fail = (problem: string): never => {
    throw new SaccadeError('WEIGHTS_CORRUPT', problem)
  }
  const found = await unpickle(bytes, { what: 'data.pkl', ...torchObjects('model.pth', fail) })
  if (found) await locateTensors('model.pth', selectStateDict(found.value, 'model.pth'), () => 0)
}
