"""A model file's network in PyTorch and as ONNX: what a user would run in place of zanzo."""
import warnings

import numpy as np
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from safetensors.torch import load_file
from torch import nn


class Network(nn.Module):
    """The GRU autoencoder whose tensors these are: the shape of each says the topology."""

    def __init__(self, tensors):
        super().__init__()
        widths = [len(tensors[f"encoder.{3 * i}.weight"]) for i in range(5)]
        channels = tensors["encoder.0.weight"].shape[1]
        latent, flat = tensors["fc1.0.weight"].shape
        hidden = tensors["fc3.0.weight"].shape[1]
        side = round((flat // widths[-1]) ** 0.5)
        self.shape, self.size = (widths[-1], side, side), 16 * side
        layers = []
        for i, (a, b) in enumerate(zip([channels] + widths, widths)):
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
        self.decoder = nn.Sequential(*layers, nn.Conv2d(widths[0], channels, 3, 1, 1, bias=False), nn.Tanh())

    def forward(self, x, h):
        """x (streams, time, channels, size, size), h (1, streams, hidden) -> reconstruction, last h"""
        b, t = x.shape[:2]
        z = self.fc1(self.encoder(x.flatten(0, 1)).flatten(1)).reshape(b, t, -1)
        o, h = self.gru(z, h)
        return self.decoder(self.fc3(o).reshape(b * t, *self.shape)).reshape(x.shape), h


class Step(nn.Module):
    """One frame of one camera."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, h):
        y, h = self.network(x.unsqueeze(1), h)
        return y[:, 0], h


def load(path):
    """The network of a model file, in evaluation mode."""
    tensors = load_file(path)
    network = Network(tensors).eval()
    found = network.load_state_dict(tensors, strict=False)
    missing = [name for name in found.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or found.unexpected_keys:
        raise SystemExit(f"{path}: no model of this network: {(missing + found.unexpected_keys)[0]}")
    return network


class Stream(CalibrationDataReader):
    """Frames and the hidden states that the network has when they come."""

    def __init__(self, network, frames):
        self.rows, h = [], torch.zeros(1, 1, network.gru.hidden_size)
        with torch.inference_mode():
            for frame in frames:
                self.rows.append({"x": frame[None], "h": h.numpy()})
                h = network(torch.from_numpy(frame[None, None]), h)[1]
        self.left = iter(self.rows)

    def get_next(self):
        return next(self.left, None)


def export(network, stream, folder):
    """Writes the step as ONNX, in float32 and in int8 (QDQ, per channel, calibrated on the stream); returns the paths."""
    plain, prepared, quantised = (str(folder / f"{name}.onnx") for name in ("float32", "prepared", "int8"))
    first = stream.rows[0]
    with warnings.catch_warnings():
        # It asks for what is done here: a batch of one, and the hidden state among the inputs.
        warnings.filterwarnings("ignore", message="Exporting a model to ONNX with a batch_size")
        torch.onnx.export(Step(network), (torch.from_numpy(first["x"]), torch.from_numpy(first["h"])), plain,
                          input_names=["x", "h"], output_names=["y", "hn"], dynamo=False, opset_version=17)
    quant_pre_process(plain, prepared)
    quantize_static(prepared, quantised, stream, quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, per_channel=True)
    return plain, quantised


def to_float(luma):
    """Bytes (frames, size, size) as the network sees them: (frames, 1, size, size) in -1...1."""
    return luma[:, None].astype(np.float32) / 127.5 - 1
