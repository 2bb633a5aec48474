"""Makes the small checkpoints of this folder: python make.py (PyTorch 2.x). expected.json tells what is in them."""

import argparse
import collections
import json
import pathlib
import struct
import zipfile

import numpy
import torch

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
expected = {}


def save(name, value, state=None, **options):
    path = here / name
    torch.save(value, path, **options)
    if state is not None:
        expected[name] = {
            key: {
                'dtype': str(tensor.dtype).removeprefix('torch.'),
                'shape': list(tensor.shape),
                'values': tensor.to(torch.float64).flatten().tolist(),
            }
            for key, tensor in state.items()
        }


dtypes = {
    str(dtype).removeprefix('torch.'): torch.tensor([[0, 1, 2], [3, 100, 5]], dtype=dtype)
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16,
        torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
    )
}
save('dtypes.pth', dtypes, dtypes)

base = torch.arange(60, dtype=torch.float32)
views = collections.OrderedDict(
    whole=base,
    matrix=base.view(3, 4, 5),
    transposed=base.view(12, 5).t(),
    permuted=base.view(3, 4, 5).permute(2, 0, 1),
    columns=base.view(12, 5)[:, 1:3],
    stepped=base[3::7],
    row=base.view(12, 5)[4],
    expanded=base[7:8].expand(3, 1).clone().expand(3, 4),
    scalar=base[9],
    empty=torch.zeros(0, 5),
    one=base.view(60, 1, 1)[2:3],
    parameter=torch.nn.Parameter(base.view(6, 10)[1:3]),
)
save('views.pth', views, {key: tensor.detach() for key, tensor in views.items()})

module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
state = module.state_dict()
prefixed = {f'module.{key}': value for key, value in state.items()}
save('module.pt', prefixed, prefixed)
optimizer = torch.optim.AdamW(module.parameters())
module(torch.ones(4, 3)).sum().backward()
optimizer.step()
save(
    'training.pth',
    {
        'epoch': 3,
        'best': torch.tensor(0.5),
        'state_dict': module.state_dict(),
        'optimizer': optimizer.state_dict(),
        'args': argparse.Namespace(lr=1e-3, out=pathlib.PurePosixPath('/tmp/x'), big=2**70, neg=-(2**40), blob=b'\x00\xff'),
        'seed': numpy.float64(0.5),
        'array': numpy.arange(3),
        'counts': collections.defaultdict(int, a=1),
        'set': {1, 2},
        'size': torch.Size([2, 3]),
        'device': torch.device('cpu'),
        'dtype': torch.float32,
        'float': 1.5,
        'tuple': (1, 2, 3, 4),
    },
    module.state_dict(),
)

save('whole-module.pth', module)
save('legacy.pth', state, state, _use_new_zipfile_serialization=False)
plain = {key: tensor.detach() for key, tensor in views.items()}
save('legacy-views.pth', {'epoch': 3, 'state_dict': views}, plain, _use_new_zipfile_serialization=False)
attributes = {'tensor': torch.arange(6.0).view(2, 3), 'parameter': torch.nn.Parameter(torch.ones(2)), 'buffer': torch.nn.Buffer(torch.ones(3))}
for tensor in attributes.values():
    tensor.note = {'by': 'hand'}
save('attributes.pth', attributes, {key: tensor.detach() for key, tensor in attributes.items()})
unsigned = {'short': torch.tensor([[1, 65535]], dtype=torch.uint16), 'int': torch.tensor([7, 2**32 - 1], dtype=torch.uint32)[1:]}
save('unsigned.pth', unsigned, unsigned)
averaged = {'state_dict': {'weight': torch.zeros(2)}, 'state_dict_ema': {'module.weight': torch.ones(2)}, 'model': None}
save('averaged.pth', averaged, averaged['state_dict_ema'])
save('protocol4.pth', state, pickle_protocol=4)
save('float8.pth', {'weight': torch.zeros(2, 2).to(torch.float8_e4m3fn)})
save('quantized.pth', {'weight': torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)})
save('subclass.pth', {'weight': torch.nn.UninitializedParameter()})
save('complex.pth', {'weight': torch.zeros(2, dtype=torch.complex64)})
save('sparse.pth', {'weight': torch.eye(2).to_sparse()})
save('conjugated.pth', {'weight': torch.zeros(2, dtype=torch.complex64).conj(), 'negated': torch.ones(2)._neg_view()})
torch.jit.save(torch.jit.script(torch.nn.ReLU()), here / 'script.pt')


class Attack:
    def __reduce__(self):
        import os

        return os.system, ('touch attacked',)


save('attack.pth', {'weight': torch.zeros(1), 'more': Attack()})

# The same entries as torch.save wrote, but compressed.
with zipfile.ZipFile(here / 'views.pth') as source, zipfile.ZipFile(here / 'compressed.pth', 'w', zipfile.ZIP_DEFLATED) as target:
    for name in source.namelist():
        target.writestr(name, source.read(name))

# Stored, but with every number that may be in zip64 fields there.
with zipfile.ZipFile(here / 'dtypes.pth') as source, zipfile.ZipFile(here / 'zip64.pth', 'w') as target:
    for name in source.namelist():
        with target.open(name, 'w', force_zip64=True) as entry:
            entry.write(source.read(name))
raw = bytearray((here / 'zip64.pth').read_bytes())
end = raw.rindex(b'PK\x05\x06')
count, size, start = struct.unpack('<HII', raw[end + 10 : end + 20])
directory = bytearray()
at = start
while at < end:
    entry = bytearray(raw[at : at + 46])
    n, e, c = struct.unpack('<HHH', entry[28:34])
    compressed, plain = struct.unpack('<II', entry[20:28])
    (offset,) = struct.unpack('<I', entry[42:46])
    entry[20:28] = b'\xff' * 8
    entry[42:46] = b'\xff' * 4
    extra = struct.pack('<HH', 0xCAFE, 2) + b'hi' + struct.pack('<HHQQQ', 1, 24, plain, compressed, offset)
    entry[30:32] = struct.pack('<H', len(extra))
    directory += entry + raw[at + 46 : at + 46 + n] + extra
    at += 46 + n + e + c
tail = struct.pack('<IQHHIIQQQQ', 0x06064B50, 44, 45, 45, 0, 0, count, count, len(directory), start)
tail += struct.pack('<IIQI', 0x07064B50, 0, start + len(directory), 1)
tail += struct.pack('<IHHHHIIH', 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 7) + b'comment'
(here / 'zip64.pth').write_bytes(bytes(raw[:start]) + bytes(directory) + tail)
expected['zip64.pth'] = expected['dtypes.pth']

(here / 'expected.json').write_text(json.dumps(expected, indent=1) + '\n')
