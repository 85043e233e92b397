#!/usr/bin/env python3
"""Train a small GRU autoencoder on normal footage and write it as a model file that zanzo reads.

    zanzo record 'synthetic:street?seed=7&rate=15&size=640x480' --skip 3000 --frames 16384 --out strips
    python3 Tools/train_demo_model.py strips config/demo.safetensors

The folder holds strips: wide PNG files of square grey frames side by side, in the order of their names, one stream.
Needs torch, safetensors, pillow and numpy. Takes about ten minutes on two cores.

The network is the article's GRU-AE with other widths. It is trained as it is used: a stream's hidden state starts at
zero and is carried from one window of frames to the next (truncated back-propagation through time).
"""
import argparse
import json
import pathlib
import time

try:
    import numpy as np
    import torch
    from PIL import Image
    from safetensors.torch import save_file
    from torch import nn
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: pip install torch safetensors pillow numpy (in a virtual environment)")

Image.MAX_IMAGE_PIXELS = None


class GRUAE(nn.Module):
    """The article's network; the names of its tensors are those of a model file."""

    def __init__(self, size, widths, latent, hidden):
        super().__init__()
        self.shape = (widths[-1], size // 16, size // 16)
        flat = int(np.prod(self.shape))
        layers = []
        for i, (a, b) in enumerate(zip((1,) + widths[:-1], widths)):
            layers.append(nn.Conv2d(a, b, 3, 1 if i == 0 else 2, 1, bias=False))
            layers += [nn.BatchNorm2d(b)] if i < 4 else []
            layers.append(nn.ReLU())
        self.encoder = nn.Sequential(*layers)
        self.fc1 = nn.Sequential(nn.Linear(flat, latent))
        self.gru = nn.GRU(latent, hidden, batch_first=True)
        self.fc3 = nn.Sequential(nn.Linear(hidden, flat))
        layers = []
        for a, b in zip(widths[:0:-1], widths[-2::-1]):
            layers += [nn.ConvTranspose2d(a, b, 3, 2, 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Conv2d(widths[0], 1, 3, 1, 1, bias=False), nn.Tanh())

    def forward(self, x, h):
        """x (streams, time, 1, size, size), h (1, streams, hidden) -> reconstruction, last h"""
        b, t = x.shape[:2]
        z = self.fc1(self.encoder(x.flatten(0, 1)).flatten(1)).reshape(b, t, -1)
        o, h = self.gru(z, h)
        return self.decoder(self.fc3(o).reshape(b * t, *self.shape)).reshape(x.shape), h


def read_strips(folder, size):
    """Every strip of the folder -> (frames, size, size) of bytes."""
    files = sorted(pathlib.Path(folder).glob("*.png"))
    frames = []
    for file in files:
        a = np.asarray(Image.open(file).convert("L"))
        if a.shape[0] != size or a.shape[1] % size:
            raise SystemExit(f"{file}: {a.shape[1]}x{a.shape[0]} pixels are no strip of {size}x{size} frames")
        frames.append(a.reshape(size, -1, size).transpose(1, 0, 2))
    if not frames:
        raise SystemExit(f"{folder}: no PNG files")
    return np.concatenate(frames)


def to_float(frames):
    return torch.from_numpy(frames).float().unsqueeze(-3) / 127.5 - 1


def windows(frames, streams, length, epoch):
    """The footage as `streams` parallel streams, window by window; every epoch starts at another frame."""
    frames = np.roll(frames, -(epoch * 977 % len(frames)), 0)
    rows = frames[: len(frames) // streams * streams].reshape(streams, -1, *frames.shape[1:])
    for start in range(0, rows.shape[1] - length + 1, length):
        yield to_float(rows[:, start : start + length])


def error(net, frames):
    """Mean squared error over one stream, state carried, as the daemon runs it."""
    net.eval()
    h, total = torch.zeros(1, 1, net.gru.hidden_size), 0.0
    with torch.inference_mode():
        for start in range(0, len(frames), 64):
            x = to_float(frames[None, start : start + 64])
            y, h = net(x, h)
            total += nn.functional.mse_loss(y, x, reduction="sum").item()
    return total / frames.size


def train(net, frames, args):
    adam = torch.optim.Adam(net.parameters(), lr=args.rate, weight_decay=1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, args.rate, total_steps=args.steps, pct_start=0.1)
    step, epoch, shown, started = 0, 0, 0.0, time.monotonic()
    while step < args.steps:
        h = torch.zeros(1, args.streams, net.gru.hidden_size)
        for x in windows(frames, args.streams, args.window, epoch):
            # The last fifth runs with batch norm's running averages, which is what the daemon will run.
            net.train(step < args.steps * 4 // 5)
            y, h = net(x, h.detach())
            loss = nn.functional.mse_loss(y, x)
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
            schedule.step()
            step += 1
            shown = loss.item() if step == 1 else 0.99 * shown + 0.01 * loss.item()
            if step % 200 == 0:
                print(f"step {step}/{args.steps}  loss {shown:.6f}  {time.monotonic() - started:.0f} s", flush=True)
            if step == args.steps:
                break
        epoch += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strips", help="folder of strips, normal footage only")
    parser.add_argument("output", help="the model file to write")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--widths", type=lambda s: tuple(map(int, s.split(","))), default=(8, 16, 32, 64, 64))
    parser.add_argument("--latent", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--streams", type=int, default=12, help="streams trained side by side")
    parser.add_argument("--window", type=int, default=8, help="frames of back-propagation")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    frames = read_strips(args.strips, args.size)
    held = max(1, len(frames) // 10)
    net = GRUAE(args.size, args.widths, args.latent, args.hidden)
    train(net, frames[:-held], args)
    validation = error(net, frames[-held:])
    print(f"{len(frames)} frames, the last {held} held out: error {validation:.6f}")

    topology = {"size": args.size, "channels": 1, "widths": args.widths, "latent": args.latent, "hidden": args.hidden}
    record = {
        "tool": "train_demo_model.py", "frames": len(frames) - held, "steps": args.steps, "streams": args.streams,
        "window": args.window, "rate": args.rate, "seed": args.seed, "validation_error": round(validation, 7),
    }
    tensors = {k: v.contiguous() for k, v in net.state_dict().items()}
    metadata = {"zanzo.topology": json.dumps(topology), "zanzo.training": json.dumps(record)}
    save_file(tensors, args.output, metadata=metadata)
    print(f"{args.output}: {pathlib.Path(args.output).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
