"""The LLaMA itself, one idea a file: norm, rope, masks, attention, ffn, llama."""
