#!/usr/bin/env python3
"""Make the small PyTorch answers in this folder (needs: pip install torch safetensors numpy).

    make_small_reference.py         writes weights.safetensors, stream.safetensors and training.safetensors beside itself

The network is the article's GRU-AE, five convolutions, a GRU and five convolutions back, at 16x16 and a few channels, so that parity
with PyTorch is proved in every clone.
"""
import json
import os

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

SIZE, WIDTHS, LATENT, HIDDEN = 16, (4, 4, 4, 8, 8), 4, 6


class GRUAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.shape = (WIDTHS[-1], SIZE // 16, SIZE // 16)
        flat = int(np.prod(self.shape))
        layers = []
        for i, (a, b) in enumerate(zip((1,) + WIDTHS[:-1], WIDTHS)):
            layers.append(nn.Conv2d(a, b, 3, 1 if i == 0 else 2, 1, bias=False))
            layers += [nn.BatchNorm2d(b)] if i < 4 else []
            layers.append(nn.ReLU())
        self.encoder = nn.Sequential(*layers)
        self.fc1 = nn.Sequential(nn.Linear(flat, LATENT))
        self.fc3 = nn.Sequential(nn.Linear(HIDDEN, flat))
        layers = []
        for a, b in zip(WIDTHS[:0:-1], WIDTHS[-2::-1]):
            layers += [nn.ConvTranspose2d(a, b, 3, 2, 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Conv2d(WIDTHS[0], 1, 3, 1, 1, bias=False), nn.Tanh())
        self.gru = nn.GRU(LATENT, HIDDEN, batch_first=True)

    def forward(self, x, h):
        b, t = x.shape[:2]
        z = self.fc1(self.encoder(x.flatten(0, 1)).flatten(1)).reshape(b, t, -1)
        o, h = self.gru(z, h)
        y = self.decoder(self.fc3(o).reshape(b * t, *self.shape))
        return y.reshape(x.shape), z, o, h


def main(out):
    torch.manual_seed(3)
    torch.set_num_threads(1)
    batch, window, steps = 2, 3, 2
    net = GRUAE().train()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-5)
    x, h = torch.rand(batch, window, 1, SIZE, SIZE) * 2 - 1, torch.zeros(1, batch, HIDDEN)
    tensors, losses = {"input": x}, []
    for step in range(steps):
        tensors |= {f"step{step}.weight.{k}": v.detach().clone() for k, v in net.state_dict().items()}
        y = net(x, h)[0]
        loss = nn.functional.mse_loss(y, x)
        adam.zero_grad()
        loss.backward()
        tensors |= {f"step{step}.gradient.{k}": p.grad.clone() for k, p in net.named_parameters()}
        tensors[f"step{step}.output"] = y.detach().clone()
        losses.append(loss.detach())
        adam.step()
    tensors["losses"] = torch.stack(losses)
    save_file(tensors, f"{out}/training.safetensors")

    # A network whose states move: some hundred steps further, then run frame by frame.
    for _ in range(300):
        loss = nn.functional.mse_loss(net(x, h)[0], x)
        adam.zero_grad()
        loss.backward()
        adam.step()
    net.eval()
    topology = {"size": SIZE, "channels": 1, "widths": WIDTHS, "latent": LATENT, "hidden": HIDDEN}
    save_file(net.state_dict(), f"{out}/weights.safetensors", metadata={"zanzo.topology": json.dumps(topology)})
    luma = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (1, 12, 1, SIZE, SIZE))).float()
    with torch.inference_mode():
        y, z, o, _ = net(luma / 127.5 - 1, torch.zeros(1, 1, HIDDEN))
    save_file(
        {"frames": luma[0] / 127.5 - 1, "z": z[0], "hidden": o[0], "reconstruction": y[0]}, f"{out}/stream.safetensors")


if __name__ == "__main__":
    main(os.path.dirname(os.path.abspath(__file__)))
