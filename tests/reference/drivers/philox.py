"""Philox4x32-10 by randomgen (numpy's own Philox has words of 64 bits), and Box and Muller's normals of its words."""

import numpy as np
from randomgen import Philox

from lines import answer_all


def answer(question):
    # The counter goes up by one before the first words are made.
    counter = sum(word << 32 * place for place, word in enumerate(question["counter"]))
    before = (counter - 1) % 2**128
    words = Philox(key=int(question["seed"]), counter=before, number=4, width=32).random_raw(4)
    units = (np.asarray(words, dtype=np.float64) + 0.5) / 2**32
    radius, angle = np.sqrt(-2.0 * np.log(units[0::2])), 2.0 * np.pi * units[1::2]
    normals = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()
    return {"words": [int(word) for word in words], "normals": normals.tolist()}


answer_all(answer)
