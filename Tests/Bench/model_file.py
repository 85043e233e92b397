"""A model file of the article's topology with random weights: as costly to run as a trained one."""
import array
import json
import random
import struct

WIDTHS, SIZE, LATENT, HIDDEN = (32, 64, 128, 256, 512), 64, 64, 100


def shapes():
    """Every tensor by its PyTorch name, and its shape."""
    found = {}

    def normalised(name, channels):
        found.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})

    for index, (before, after) in enumerate(zip((1, *WIDTHS), WIDTHS)):
        found[f"encoder.{3 * index}.weight"] = (after, before, 3, 3)
        if index < 4:
            normalised(f"encoder.{3 * index + 1}", after)
    flat = WIDTHS[-1] * (SIZE // 16) ** 2
    found |= {"fc1.0.weight": (LATENT, flat), "fc1.0.bias": (LATENT,), "fc3.0.weight": (flat, HIDDEN),
              "fc3.0.bias": (flat,)}
    for index, (before, after) in enumerate(zip(WIDTHS[:0:-1], WIDTHS[-2::-1])):
        found[f"decoder.{3 * index}.weight"] = (before, after, 3, 3)
        normalised(f"decoder.{3 * index + 1}", after)
    found["decoder.12.weight"] = (1, WIDTHS[0], 3, 3)
    found |= {"gru.weight_ih_l0": (3 * HIDDEN, LATENT), "gru.weight_hh_l0": (3 * HIDDEN, HIDDEN),
              "gru.bias_ih_l0": (3 * HIDDEN,), "gru.bias_hh_l0": (3 * HIDDEN,)}
    return found


def write(path):
    """Writes the file (safetensors, float32, 18 MB)."""
    rng, header, data = random.Random(1), {}, array.array("f")
    for name, shape in shapes().items():
        count = 1
        for side in shape:
            count *= side
        start = 4 * len(data)
        if name.endswith("running_var") or (len(shape) == 1 and name.endswith(".weight")):
            data.extend([1.0] * count)
        elif len(shape) == 1:
            data.extend([0.0] * count)
        else:
            # Activations neither die out nor explode on their way: the range follows from a row's length.
            limit = (6 * shape[0] / count) ** 0.5
            data.extend(limit * (2 * rng.random() - 1) for _ in range(count))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, 4 * len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        data.tofile(file)
