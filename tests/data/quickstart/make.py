#!/usr/bin/env python3
"""Makes llama.yaml, weights.safetensors and inputs.safetensors beside this file: the decoder block of ../blocks/llama_3_2_1b.yaml with 4 query
heads and 2 key-value heads of 16, drawn weights, and four tokens over an empty cache. Needs NumPy."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "values"))
import blocks

llama = blocks.BLOCKS["llama_3_2_1b"]
graph = blocks.graph("llama_3_2_1b", sizes=llama.small)
graph = "# Made by make.py: ../blocks/llama_3_2_1b.yaml with smaller sizes.\n" + graph[graph.index("tenon: 1"):]
with open(os.path.join(HERE, "llama.yaml"), "w", encoding="utf-8") as file:
    file.write(graph.replace("name: llama_3_2_1b_block", "name: llama_small_block"))
blocks.write_safetensors(os.path.join(HERE, "weights.safetensors"), blocks.draw_weights(graph, "f32"), "f32")
blocks.write_safetensors(os.path.join(HERE, "inputs.safetensors"), llama.inputs(graph, "f32", batch=1), "f32")
